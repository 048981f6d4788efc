import { isUtf8 } from "node:buffer";

/** State of `checkUtf8` between two characters: where it begins, and where a text may end. */
export const UTF8_BETWEEN = 0;
/** State behind bytes that are no UTF-8. */
export const UTF8_BROKEN = -1;

/** From this length on the runtime's check of whole texts is faster than the loop here. */
const LONG_BYTES = 256;

/**
 * Checks the next piece of a text (Unicode 16 §3.9, table 3-7). Broken bytes are found at the first byte that cannot be right, so that a
 * peer is not waited for in vain.
 *
 * ```text
 *   state   needed │ lower << 8 │ upper << 16      continuation bytes to come, and the range of the next one
 * ```
 *
 * @param state what the last piece returned; `UTF8_BETWEEN` at the beginning
 * @returns the state behind the piece, or `UTF8_BROKEN`
 */
export function checkUtf8(state: number, bytes: Uint8Array, from: number, to: number): number {
  if (state === UTF8_BETWEEN && to - from >= LONG_BYTES && isUtf8(bytes.subarray(from, to))) return UTF8_BETWEEN;
  let needed = state & 0xff;
  let lower = (state >> 8) & 0xff;
  let upper = state >> 16;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (needed > 0) {
      if (byte < lower || byte > upper) return UTF8_BROKEN;
      needed -= 1;
      lower = 0x80;
      upper = 0xbf;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return UTF8_BROKEN;
      needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      // No overlong forms, no surrogates, nothing above U+10FFFF.
      lower = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
      upper = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    }
  }
  return needed === 0 ? UTF8_BETWEEN : needed | (lower << 8) | (upper << 16);
}
