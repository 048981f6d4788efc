/** Positions in a block fit in 16 bits. */
const BLOCK_BYTES = 65_536;
const HASH_BITS = 14;
/** A shorter repetition takes more bytes as a copy than as a literal. */
const MIN_MATCH_BYTES = 4;

/**
 * Compresses into Snappy's block format, which remote write requires: the length, then literals and copies of earlier bytes, in
 * independent blocks of 64 KiB. Names and labels repeat, so samples shrink to a fifth.
 *
 * ```text
 *  length as varint │ literal: n-1 «2 │ 0, n bytes │ copy: n-1 «2 │ 2, offset as 2 bytes │ …
 * ```
 *
 * @example
 * snappy(new TextEncoder().encode("aaaaaaaaaaaaaaaa")).length; // 6
 */
export function snappy(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Output(input.length);
  const table = new Uint16Array(1 << HASH_BITS);
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    compressBlock(input.subarray(start, start + BLOCK_BYTES), table.fill(0), out);
  }
  return out.bytes.subarray(0, out.length);
}

function compressBlock(block: Uint8Array, table: Uint16Array, out: Output): void {
  let literalFrom = 0;
  let at = 1; // 0 stands for "not seen" in the table
  // Data without repetitions is skipped in growing steps.
  let misses = 0;
  while (at + MIN_MATCH_BYTES <= block.length) {
    const word = wordAt(block, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const earlier = table[slot]!;
    table[slot] = at;
    if (wordAt(block, earlier) !== word) {
      at += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    let end = at + MIN_MATCH_BYTES;
    while (end < block.length && block[end] === block[end - at + earlier]) end += 1;
    out.literal(block.subarray(literalFrom, at));
    out.copy(at - earlier, end - at);
    literalFrom = end;
    at = end;
  }
  out.literal(block.subarray(literalFrom));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

class Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(inputBytes: number) {
    // The format's own bound for input without repetitions.
    this.bytes = new Uint8Array(32 + inputBytes + Math.ceil(inputBytes / 6));
    let rest = inputBytes;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  literal(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const last = bytes.length - 1;
    if (last < 60) this.#byte(last << 2);
    else if (last < 256) this.#byte(60 << 2, last);
    else this.#byte(61 << 2, last & 0xff, last >> 8);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** One copy covers at most 64 bytes; the short form, of 2 bytes, at most 11. */
  copy(offset: number, bytes: number): void {
    let rest = bytes;
    for (; rest >= 68; rest -= 64) this.#longCopy(offset, 64);
    if (rest > 64) {
      // Not 64, so that the rest is not below the 4 of the short form.
      this.#longCopy(offset, 60);
      rest -= 60;
    }
    if (rest >= 12 || offset >= 2048) this.#longCopy(offset, rest);
    else this.#byte(((offset >> 8) << 5) | ((rest - 4) << 2) | 1, offset & 0xff);
  }

  #longCopy(offset: number, bytes: number): void {
    this.#byte(((bytes - 1) << 2) | 2, offset & 0xff, offset >> 8);
  }

  #byte(...bytes: number[]): void {
    for (const byte of bytes) this.bytes[this.length++] = byte;
  }
}
