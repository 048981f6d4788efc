/**
 * The hash of a name runs from its last byte to its first, so that one pass over a question gives the hash of each of its
 * suffixes. The seed is secret: nobody outside can choose names that share a page.
 */

/**
 * Each byte of a name in the form in which it is compared: letters in lower case. A dot inside a label, which the wire format
 * allows, is mapped to another byte, so that it does not look like a separator.
 */
export const FOLDED: Uint8Array = folded();
export const SEPARATOR = 0x2e;

function folded(): Uint8Array {
  const table = new Uint8Array(new ArrayBuffer(256));
  for (let byte = 0; byte < 256; byte++) table[byte] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  table[SEPARATOR] = 0xff;
  return table;
}

export function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193) ^ (hash >>> 15);
}

/** Spreads a hash over 32 bits (the finalizer of MurmurHash3). */
export function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Salts the hash of a page's filter: with the hash that chose the page, half of all misses would pass. */
export const FILTER_SALT = 0x5bd1e995;

/**
 * Returns whether the last two labels are likely to be a public suffix (`co.uk`, `com.br`): a name then belongs to the page of
 * its last three labels, or all names below `co.uk` would share one page.
 */
export function isRegistry(lastLength: number, secondLength: number): boolean {
  return lastLength === 2 && secondLength <= 3;
}

/**
 * Returns the hash of the last two or three labels of a name in a list, `[from, to)`: it chooses the page. Names of one label
 * have their own, and 0.
 */
export function siteHash(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = seed;
  let dots = 0;
  let labelEnd = to;
  let lastLength = 0;
  for (let at = to - 1; at >= from; at--) {
    const byte = bytes[at]!;
    if (byte !== SEPARATOR) {
      hash = addByte(hash, FOLDED[byte]!);
      continue;
    }
    dots += 1;
    if (dots === 1) lastLength = labelEnd - at - 1;
    else if (dots === 3 || !isRegistry(lastLength, labelEnd - at - 1)) break;
    labelEnd = at;
    hash = addByte(hash, SEPARATOR);
  }
  return dots === 0 ? 0 : mix(hash);
}
