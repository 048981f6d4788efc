import { ascii, CR, LF, SPACE } from "./characters.ts";
import type { Http1Refusal } from "./refusal.ts";

const HTTP_1 = ascii("HTTP/1.");
const ZERO = 0x30;
const MINOR = HTTP_1.length;

/** Bytes from the version of a request line to its end. */
export const REQUEST_TAIL_BYTES = 10;
/** Bytes of a status line up to its status. */
export const STATUS_START_BYTES = 12;

/** Returns whether `HTTP/1.0` or `HTTP/1.1` is at `at`; the bytes are there. */
export function isHttp1(bytes: Uint8Array, at: number): boolean {
  const minor = bytes[at + MINOR];
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e &&
    (minor === ZERO || minor === ZERO + 1)
  );
}

/**
 * Judges `HTTP/1.1` with a line end, or with a status, as far as it has come: what is wrong, or undefined. The slow way of
 * `isHttp1`, for the first bytes of a start line and for bad ones.
 */
export function versionRefusal(
  bytes: Uint8Array,
  at: number,
  end: number,
  isRequest: boolean,
): Http1Refusal | undefined {
  const length = Math.min(end - at, isRequest ? REQUEST_TAIL_BYTES : STATUS_START_BYTES);
  for (let index = 0; index < length; index++) {
    const byte = bytes[at + index]!;
    if (index < MINOR) {
      if (byte !== HTTP_1[index]) return index < "HTTP/".length ? "bad-start-line" : "bad-version";
    } else if (index === MINOR) {
      if (byte !== ZERO && byte !== ZERO + 1) return "bad-version";
    } else if (isRequest) {
      if (byte !== (index === MINOR + 1 ? CR : LF)) return "bad-line-end";
    } else if (!mayBeInStatus(byte, index - MINOR - 1)) return "bad-status";
  }
  return undefined;
}

/** RFC 9110 §15: a blank, then 100 to 599. */
function mayBeInStatus(byte: number, index: number): boolean {
  if (index === 0) return byte === SPACE;
  return byte >= (index === 1 ? ZERO + 1 : ZERO) && byte <= (index === 1 ? ZERO + 5 : ZERO + 9);
}
