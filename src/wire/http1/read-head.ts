import { CR, FIELD_VALUE, LF, SPACE, TARGET, TOKEN } from "./characters.ts";
import type { Head } from "./head.ts";
import { Method, methodOf } from "./method.ts";
import { readFields } from "./read-fields.ts";
import { readOtherTarget } from "./target.ts";
import { isHttp1, REQUEST_TAIL_BYTES, STATUS_START_BYTES, versionRefusal } from "./version.ts";

/** Bounds of a head, in bytes. Its field lines are bounded by the size of its `Head`. */
export interface HeadLimits {
  /** All of the head, with its empty line. */
  readonly maxBytes: number;
  /** Target of a request. */
  readonly maxTargetBytes: number;
}

export const REQUEST_LIMITS: HeadLimits = { maxBytes: 16_384, maxTargetBytes: 8192 };
/** Targets are trusted a little more, and some send long `Set-Cookie` and policy lines. */
export const RESPONSE_LIMITS: HeadLimits = { maxBytes: 65_536, maxTargetBytes: 0 };

const SLASH = 0x2f;
const ZERO = 0x30;

/**
 * Reads a request head from `bytes[from, to)`. The result does not depend on how many bytes are there behind the head, and a
 * refusal never turns into another result when more bytes come.
 *
 * @returns the head's length; 0 while it is incomplete; a `HeadError` when it is refused, with `head.refusal`
 * @example
 * const head = new Head();
 * readRequest(head, new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0, 27); // 27
 */
export function readRequest(
  head: Head,
  bytes: Uint8Array,
  from: number,
  to: number,
  limits: HeadLimits = REQUEST_LIMITS,
): number {
  const end = Math.min(to, from + limits.maxBytes);
  head.begin(11);
  let at = from;
  while (at < end && TOKEN[bytes[at]!] !== 0) at++;
  if (at === end) return incomplete(head, from, to, limits);
  if (bytes[at] !== SPACE || at === from) return head.refuse("bad-start-line");
  head.methodStart = from;
  head.methodEnd = at;
  head.method = methodOf(bytes, from, at);
  if (head.method === Method.connect) return head.refuse("connect-unsupported");
  at += 1;
  const targetStart = at;
  while (at < end && TARGET[bytes[at]!] === 1) at++;
  if (at - targetStart > limits.maxTargetBytes) return head.refuse("target-too-long");
  if (at === end) return incomplete(head, from, to, limits);
  if (bytes[at] !== SPACE) return head.refuse("bad-target");
  head.targetStart = targetStart;
  head.targetEnd = at;
  if (bytes[targetStart] !== SLASH) {
    const error = readOtherTarget(head, bytes);
    if (error !== 0) return error;
  }
  at += 1;
  if (end - at < REQUEST_TAIL_BYTES || !isHttp1(bytes, at) || bytes[at + 8] !== CR || bytes[at + 9] !== LF) {
    const refusal = versionRefusal(bytes, at, end, true);
    return refusal === undefined ? incomplete(head, from, to, limits) : head.refuse(refusal);
  }
  head.version = bytes[at + 7] === ZERO ? 10 : 11;
  const bodyStart = readFields(head, bytes, at + REQUEST_TAIL_BYTES, end, true);
  if (bodyStart <= 0) return bodyStart === 0 ? incomplete(head, from, to, limits) : bodyStart;
  head.length = bodyStart - from;
  if (head.version === 11 && !head.hasHostField) return head.refuse("host-missing");
  return checkFraming(head);
}

/** Reads a response head. A reason phrase may be absent together with its blank, which some devices send. */
export function readResponse(
  head: Head,
  bytes: Uint8Array,
  from: number,
  to: number,
  limits: HeadLimits = RESPONSE_LIMITS,
): number {
  const end = Math.min(to, from + limits.maxBytes);
  head.begin(11);
  const status = end - from < STATUS_START_BYTES || !isHttp1(bytes, from) ? -1 : statusAt(bytes, from + 8);
  if (status < 0) {
    const refusal = versionRefusal(bytes, from, end, false);
    return refusal === undefined ? incomplete(head, from, to, limits) : head.refuse(refusal);
  }
  head.version = bytes[from + 7] === ZERO ? 10 : 11;
  head.status = status;
  let at = from + STATUS_START_BYTES;
  if (at < end && bytes[at] === SPACE) while (at < end && FIELD_VALUE[bytes[at]!] === 1) at++;
  if (end - at < 2) return incomplete(head, from, to, limits);
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return head.refuse("bad-start-line");
  const bodyStart = readFields(head, bytes, at + 2, end, false);
  if (bodyStart <= 0) return bodyStart === 0 ? incomplete(head, from, to, limits) : bodyStart;
  head.length = bodyStart - from;
  return checkFraming(head);
}

function incomplete(head: Head, from: number, to: number, limits: HeadLimits): number {
  return to - from >= limits.maxBytes ? head.refuse("head-too-long") : 0;
}

/** RFC 9112 §6.1: a message with both is either an attack or a mistake, and HTTP/1.0 has no transfer codings. */
function checkFraming(head: Head): number {
  if (head.isChunked) {
    if (head.contentLength >= 0) return head.refuse("transfer-encoding-with-length");
    if (head.version === 10) return head.refuse("bad-transfer-encoding");
  }
  // RFC 9110 §10.1.1: a 100-continue expectation of HTTP/1.0 is ignored.
  if (head.version === 10) head.expectsContinue = false;
  return head.length;
}

/** Returns the status behind its blank; -1 for anything but 100 to 599. */
function statusAt(bytes: Uint8Array, at: number): number {
  const hundreds = bytes[at + 1]! - ZERO;
  const tens = bytes[at + 2]! - ZERO;
  const ones = bytes[at + 3]! - ZERO;
  if (bytes[at] !== SPACE || hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1;
  return hundreds * 100 + tens * 10 + ones;
}
