import { TenkError } from "../../base/mod.ts";

/** Default limit of a payload: 64 KiB. */
export const DEFAULT_MAX_FRAME_BYTES = 65_536;

/** Result of `measure` for a frame whose payload is longer than `maxBytes`. */
export const FRAME_TOO_LONG = -1;
/** Result of `measure` for an impossible length field, shorter than itself. */
export const FRAME_BAD_LENGTH = -2;

/** The place of a payload in the measured bytes. The caller passes it in, so that measuring allocates nothing. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Splits a stream of bytes into frames. It has no state, so all connections of a listener share one.
 *
 * ```text
 *   bytes  ░░░░│0 0 0 5│h e l l o│0 0 0 9│t h
 *              at      start     end         end of bytes
 *              └──── measure ────┘
 * ```
 */
export interface Framing {
  /** Size of the longest whole frame, with its delimiter or length field. A cutter keeps no more than this of an unfinished one. */
  readonly maxFrameBytes: number;
  /**
   * Measures the frame that begins at `at`.
   *
   * @param end where the bytes end; bytes behind it are not read
   * @param scanned bytes of this frame that an earlier call searched when it returned 0: they are not searched again, so that
   *   a frame that arrives byte by byte costs no more than one that arrives at once
   * @param span receives the payload's place. When the result is 0, its `end` may be set to the frame's whole length in bytes
   *   where that is known already
   * @returns the whole length in bytes with delimiter or length field, at least 1; 0 when the frame is not complete;
   *   less than 0 when it is refused: `FRAME_TOO_LONG` or `FRAME_BAD_LENGTH`
   */
  measure(bytes: Uint8Array, at: number, end: number, scanned: number, span: Span): number;
  /**
   * Encodes the frame that carries `payload`, as `measure` will split it again.
   *
   * @throws {TenkError} `invalid-option` for a payload that this framing would not read back: too long, or with the delimiter
   */
  encode(payload: Uint8Array | string): Uint8Array;
}

const encoder = new TextEncoder();

export function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string" ? encoder.encode(payload) : payload;
}

/** `Uint8Array.indexOf` with an end. Native code is faster than a loop from the tenth byte on. */
export function indexOfByte(bytes: Uint8Array, byte: number, from: number, end: number): number {
  if (end === bytes.length) return bytes.indexOf(byte, from);
  const index = bytes.subarray(from, end).indexOf(byte);
  return index < 0 ? -1 : from + index;
}

/** @throws {TenkError} `invalid-option` */
export function checkedBytes(what: string, bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= 2 ** 30) return bytes;
  throw new TenkError("invalid-option", `Cannot frame: ${what} must be 1 to 1 GiB, current value is ${bytes}`);
}

/** Returns `frame` when the framing would find exactly its payload in it. @throws {TenkError} `invalid-option` */
export function readableBack(framing: Framing, frame: Uint8Array, start: number, end: number): Uint8Array {
  const span = { start: 0, end: 0 };
  const length = framing.measure(frame, 0, frame.length, 0, span);
  if (length > 0 && length === frame.length && span.start === start && span.end === end) return frame;
  let why = "the mark that ends a frame is within its payload";
  if (length === FRAME_TOO_LONG) why = "its payload is too long";
  else if (length === 0) why = "it does not end with the mark, as keepEnd asks";
  throw new TenkError("invalid-option", `Cannot encode a frame of ${frame.length} bytes: ${why}`, {
    hint: "raise maxBytes, or use a length-prefixed framing",
  });
}
