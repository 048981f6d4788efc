const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const QUESTION = 0x3f;
const PERCENT = 0x25;
const DOT = 0x2e;

/**
 * A path that a route is for: `/api` is the path itself and everything below it, not `/apis`. It is compared with the bytes that
 * the client sent, which are also the bytes that the target gets: nothing is decoded or normalised, so that no two of the programs
 * on the way can disagree.
 */
export class PathPrefix {
  /** Without a slash at its end; empty for the whole site. */
  readonly bytes: Uint8Array;

  /** @param path as written: `/api` or `/api/` */
  constructor(path: string) {
    this.bytes = new TextEncoder().encode(path.replace(/\/+$/, ""));
  }

  /** Whether the request target in `bytes[from, to)` is at or below this path. */
  matches(bytes: Uint8Array, from: number, to: number): boolean {
    const prefix = this.bytes;
    const end = from + prefix.length;
    if (end > to) return false;
    for (let i = 0; i < prefix.length; i++) if (bytes[from + i] !== prefix[i]) return false;
    return end === to || bytes[end] === SLASH || bytes[end] === QUESTION;
  }
}

/**
 * Whether a request target has a path segment `.` or `..`, also where dots or slashes are percent-encoded or slashes are
 * backslashes. A target may resolve it to a path outside of the one that its route matched (RFC 3986 §5.2.4).
 */
export function hasDotSegment(bytes: Uint8Array, from: number, to: number): boolean {
  let dots = 0;
  let isDots = false;
  for (let at = from; at < to; ) {
    let code = bytes[at]!;
    if (code === QUESTION) break;
    at += 1;
    if (code === PERCENT && at + 1 < to) {
      const decoded = (hexOf(bytes[at]!) << 4) | hexOf(bytes[at + 1]!);
      if (decoded === DOT || decoded === SLASH || decoded === BACKSLASH) {
        code = decoded;
        at += 2;
      }
    }
    if (code === SLASH || code === BACKSLASH) {
      if (isDots && dots > 0) return true;
      isDots = true;
      dots = 0;
    } else if (code === DOT && dots < 2) dots += 1;
    else isDots = false;
  }
  return isDots && dots > 0;
}

/** Returns -1 for a byte that is no hexadecimal digit: shifted or combined, that is none of the bytes compared with. */
function hexOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
