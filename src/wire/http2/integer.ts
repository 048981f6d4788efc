/** Most bytes that {@link writeInteger} writes for numbers below 2^28. */
export const MAX_INTEGER_BYTES = 5;

/**
 * Writes an integer whose first `prefixBits` bits share a byte with `flags` (RFC 7541 §5.1).
 *
 * @param value 0 to 2^28
 * @returns where it ends
 */
export function writeInteger(out: Uint8Array, at: number, prefixBits: number, flags: number, value: number): number {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at] = flags | most;
  let end = at + 1;
  let rest = value - most;
  for (; rest >= 128; rest >>>= 7) out[end++] = (rest & 127) | 128;
  out[end] = rest;
  return end + 1;
}
