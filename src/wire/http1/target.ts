import { isAuthority } from "./authority.ts";
import { ascii, equalsIgnoringCase } from "./characters.ts";
import type { Head } from "./head.ts";
import { Method } from "./method.ts";
import type { HeadError } from "./refusal.ts";

const HTTP = ascii("http://");
const HTTPS = ascii("https://");
const SLASH = 0x2f;
const ASTERISK = 0x2a;

/**
 * Reads a target that is no path (RFC 9112 §3.2): `*` of OPTIONS, or an absolute URI, of which `head` then has the path and the
 * authority. The path must be there: the empty one stands for another text, `/`, and no client of a server sends it.
 */
export function readOtherTarget(head: Head, bytes: Uint8Array): HeadError | 0 {
  const { targetStart: start, targetEnd: end } = head;
  if (bytes[start] === ASTERISK && end === start + 1) {
    return head.method === Method.options ? 0 : head.refuse("bad-target");
  }
  const authorityStart = schemeEnd(head, bytes, start, end);
  if (authorityStart < 0) return head.refuse("bad-target");
  let authorityEnd = authorityStart;
  while (authorityEnd < end && bytes[authorityEnd] !== SLASH) authorityEnd++;
  if (authorityEnd === end || !isAuthority(bytes, authorityStart, authorityEnd)) return head.refuse("bad-target");
  head.targetStart = authorityEnd;
  head.hostStart = authorityStart;
  head.hostEnd = authorityEnd;
  return 0;
}

function schemeEnd(head: Head, bytes: Uint8Array, from: number, to: number): number {
  if (to > from + HTTP.length && equalsIgnoringCase(bytes, from, from + HTTP.length, HTTP)) return from + HTTP.length;
  if (to <= from + HTTPS.length || !equalsIgnoringCase(bytes, from, from + HTTPS.length, HTTPS)) return -1;
  head.schemeIsHttps = true;
  return from + HTTPS.length;
}
