/**
 * The Huffman code of HPACK (RFC 7541 §5.2 and Appendix B). It is canonical: codes of one length count up in the order of their
 * symbols, and each length goes on where the one before ended. So the lengths are all that has to be written down.
 */

/** Bits of the code of each byte, and of the end of string (256), which never occurs in a valid text. */
// biome-ignore format: the rows are those of an ASCII table
const BITS = Uint8Array.from([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
   6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,   5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
  13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
  15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]);
const END_OF_STRING = 256;
const CODES = new Uint32Array(257);

/**
 * One step of the decoder: the state and the next four bits give the next state (bits 0 to 8), the byte that is complete by then
 * (bits 9 to 16) and whether there is one (EMITS). No code is shorter than five bits, so there is at most one.
 */
const STEPS = new Int32Array(257 * 16);
const EMITS = 1 << 17;
const INVALID = -1;
/** States in which a text may end: at most seven bits of padding, all ones (§5.2). */
const MAY_END = new Uint8Array(257);

assignCodes();
buildSteps();

function assignCodes(): void {
  let code = 0;
  for (let bits = 5; bits <= 30; bits++) {
    for (let symbol = 0; symbol <= END_OF_STRING; symbol++) if (BITS[symbol] === bits) CODES[symbol] = code++;
    code *= 2;
  }
}

/** A state is an inner node of the tree of codes, and the root is state 0. */
function buildSteps(): void {
  const nodes = [[0, 0]]; // a child is 0 (none yet), a node, or -1 - symbol
  for (let symbol = 0; symbol <= END_OF_STRING; symbol++) {
    let node = 0;
    for (let bit = BITS[symbol]! - 1; bit >= 0; bit--) {
      const side = (CODES[symbol]! >>> bit) & 1;
      if (bit > 0 && nodes[node]![side] === 0) nodes[node]![side] = nodes.push([0, 0]) - 1;
      if (bit === 0) nodes[node]![side] = -1 - symbol;
      else node = nodes[node]![side]!;
    }
  }
  for (let state = 0; state < nodes.length; state++) {
    for (let four = 0; four < 16; four++) STEPS[state * 16 + four] = stepOf(nodes, state, four);
  }
  MAY_END[0] = 1;
  for (let ones = 0, node = 0; ones < 7; ones++) {
    node = nodes[node]![1]!;
    MAY_END[node] = 1;
  }
}

function stepOf(nodes: readonly number[][], state: number, four: number): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = nodes[node]![(four >> bit) & 1]!;
    if (child >= 0) node = child;
    else if (child === -1 - END_OF_STRING) return INVALID;
    else {
      emitted = EMITS | ((-1 - child) << 9);
      node = 0;
    }
  }
  return node | emitted;
}

/**
 * Decodes `bytes[from, to)` to `out` from `at` on, which must have room for 8/5 of the encoded length.
 *
 * @returns where the text ends in `out`, or -1 where the bytes are no valid text
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let state = 0;
  let end = at;
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!;
    let step = STEPS[(state << 4) | (byte >> 4)]!;
    if (step < 0) return -1;
    if ((step & EMITS) !== 0) out[end++] = step >> 9;
    step = STEPS[((step & 511) << 4) | (byte & 15)]!;
    if (step < 0) return -1;
    if ((step & EMITS) !== 0) out[end++] = step >> 9;
    state = step & 511;
  }
  return MAY_END[state] === 1 ? end : -1;
}

/** Returns how many bytes the text takes when it is encoded. */
export function huffmanLength(bytes: Uint8Array, from: number, to: number): number {
  let bits = 0;
  for (let index = from; index < to; index++) bits += BITS[bytes[index]!]!;
  return (bits + 7) >>> 3;
}

/** Encodes `bytes[from, to)` to `out` from `at` on. @returns where it ends */
export function encodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let end = at;
  let held = 0; // bits that do not fill a byte yet: at most seven between two symbols
  let count = 0;
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!;
    let bits = BITS[byte]!;
    const code = CODES[byte]!;
    if (bits > 24) {
      // Seven bits and a long code do not fit into 32 bits: its upper part goes first.
      bits -= 16;
      held = (held << bits) | (code >>> 16);
      for (count += bits; count >= 8; count -= 8) out[end++] = held >>> (count - 8);
      bits = 16;
    }
    held = (held << bits) | (code & ((1 << bits) - 1));
    for (count += bits; count >= 8; count -= 8) out[end++] = held >>> (count - 8);
  }
  if (count > 0) out[end++] = (held << (8 - count)) | (0xff >>> count);
  return end;
}
