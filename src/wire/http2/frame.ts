/**
 * Frames (RFC 9113 §4.1):
 *
 * ```text
 *   ┌─ length 24 ─┬ type 8 ┬ flags 8 ┬ R ┬─ stream 31 ─┬── payload ──┐
 * ```
 */
export const FRAME_HEADER_BYTES = 9;

/** What every peer must accept, and all that we accept (§4.2). */
export const DEFAULT_MAX_FRAME_BYTES = 16_384;

/** The window of a connection, and of a stream until SETTINGS say otherwise (§6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;

/** The largest window that may be (§6.9.1). */
export const MAX_WINDOW_BYTES = 0x7fffffff;

/** What a client sends before its first frame (§3.4). */
export const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FrameFlag = {
  ack: 1, // of SETTINGS and PING
  endStream: 1, // of DATA and HEADERS
  endHeaders: 4,
  padded: 8,
  priority: 0x20,
} as const;

/** @returns where the payload begins */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  writeUint32(out, at + 5, streamId);
  return at + FRAME_HEADER_BYTES;
}

/** Returns the payload's length, of a frame that begins at `at`. */
export function frameLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** Returns the number of 31 bits at `at`: a stream, a window's increment. The reserved bit is ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
