import { isAuthority } from "./authority.ts";
import { ascii, equalsIgnoringCase, sameIgnoringCase } from "./characters.ts";
import { noteConnection } from "./connection-options.ts";
import { FieldName } from "./field-name.ts";
import type { Head } from "./head.ts";
import type { HeadError } from "./refusal.ts";

const CHUNKED = ascii("chunked");
const CONTINUE = ascii("100-continue");
const ZERO = 0x30;
/** Fifteen digits are exact in a number, and 900 terabytes. */
const MAX_LENGTH_DIGITS = 15;
/** Names up to this id decide about framing, routing or the connection. */
export const LAST_NOTED = FieldName.expect;

/** Notes what a field line says about the message. Returns 0, or why the head is refused. */
export function noteField(
  head: Head,
  bytes: Uint8Array,
  name: FieldName,
  from: number,
  to: number,
  isRequest: boolean,
): HeadError | 0 {
  switch (name) {
    case FieldName.host:
      return isRequest ? noteHost(head, bytes, from, to) : 0;
    case FieldName.contentLength:
      return noteContentLength(head, bytes, from, to);
    case FieldName.transferEncoding:
      // RFC 9112 §6.1 knows lists of codings, but each reader of such a list is another chance to disagree about the end of a body.
      if (head.isChunked || !equalsIgnoringCase(bytes, from, to, CHUNKED)) return head.refuse("bad-transfer-encoding");
      head.isChunked = true;
      return 0;
    case FieldName.connection:
      return noteConnection(head, bytes, from, to);
    case FieldName.expect:
      if (equalsIgnoringCase(bytes, from, to, CONTINUE)) head.expectsContinue = true;
      return 0;
    default:
      return 0;
  }
}

/** A host may be known already, from an absolute target or `:authority`; then `Host` must be the same (RFC 9113 §8.3.1). */
function noteHost(head: Head, bytes: Uint8Array, from: number, to: number): HeadError | 0 {
  if (head.hasHostField) return head.refuse("host-repeated");
  head.hasHostField = true;
  if (!isAuthority(bytes, from, to)) return head.refuse("bad-host");
  if (head.hostStart >= 0) {
    return sameIgnoringCase(bytes, head.hostStart, head.hostEnd, from, to) ? 0 : head.refuse("host-differs");
  }
  head.hostStart = from;
  head.hostEnd = to;
  return 0;
}

/** RFC 9110 §8.6 allows repeated equal lengths to be read as one; RFC 9112 §6.3 allows to refuse them, which no reader can mistake. */
function noteContentLength(head: Head, bytes: Uint8Array, from: number, to: number): HeadError | 0 {
  if (head.contentLength >= 0) return head.refuse("content-length-repeated");
  if (from === to || to - from > MAX_LENGTH_DIGITS) return head.refuse("bad-content-length");
  let length = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return head.refuse("bad-content-length");
    length = length * 10 + digit;
  }
  head.contentLength = length;
  return 0;
}
