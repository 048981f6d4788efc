const HEXADECIMAL = new TextEncoder().encode("0123456789abcdef");

/** What a marker begins with. */
export const MARKER_PREFIX = new TextEncoder().encode("TCPKaliMsgTS-");
export const MARKER_DIGITS = 16;
/** All of `TCPKaliMsgTS-`, 16 hexadecimal digits and a full stop. */
export const MARKER_BYTES = MARKER_PREFIX.length + MARKER_DIGITS + 1;

/**
 * Writes tcpkali's message marker: a time in microseconds since 1970 that any program can read back.
 *
 * ```text
 *   TCPKaliMsgTS-00063c1a7f5d2e40.
 *   └── prefix ──┘└─ 16 digits ─┘
 * ```
 *
 * @param nowUs whole microseconds, less than 2^53
 */
export function writeMarker(into: Uint8Array, offset: number, nowUs: number): void {
  into.set(MARKER_PREFIX, offset);
  patchMarker(into, offset, nowUs);
  into[offset + MARKER_BYTES - 1] = 0x2e;
}

/** Changes the time of a marker that is already there. Allocates nothing. */
export function patchMarker(into: Uint8Array, offset: number, nowUs: number): void {
  const high = Math.floor(nowUs / 0x1_0000_0000);
  const low = nowUs - high * 0x1_0000_0000;
  writeHexadecimal(into, offset + MARKER_PREFIX.length, 8, high);
  writeHexadecimal(into, offset + MARKER_PREFIX.length + 8, 8, low);
}

/** Writes the lowest `digits` (at most 8) hexadecimal digits of `value`, which is less than 2^32. */
export function writeHexadecimal(into: Uint8Array, offset: number, digits: number, value: number): void {
  let rest = value;
  for (let index = offset + digits - 1; index >= offset; index--) {
    into[index] = HEXADECIMAL[rest & 0xf]!;
    rest >>>= 4;
  }
}
