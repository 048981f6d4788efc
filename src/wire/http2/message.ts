import {
  checkFields,
  equalsIgnoringCase,
  FieldName,
  fieldSet,
  type Head,
  isAuthority,
  Method,
  methodOf,
  sameIgnoringCase,
  TARGET,
  TOKEN,
} from "../http1/mod.ts";
import { Pseudo } from "./field-id.ts";
import { FIELD, type FieldSection } from "./field-section.ts";

/** Result for a message that RFC 9113 §8.1.1 calls malformed: its stream is reset with PROTOCOL_ERROR. */
export const MALFORMED_MESSAGE = -1;

/** Fields that speak of an HTTP/1.1 connection, which HTTP/2 does not have (§8.2.2). */
const CONNECTION_SPECIFIC = fieldSet(
  FieldName.connection,
  FieldName.keepAlive,
  FieldName.proxyConnection,
  FieldName.transferEncoding,
  FieldName.upgrade,
);
/** Fields that no trailer section may have: they frame, route or authenticate (RFC 9110 §6.5.1). */
const NOT_IN_TRAILERS = fieldSet(
  FieldName.host,
  FieldName.contentLength,
  FieldName.te,
  FieldName.trailer,
  FieldName.expect,
  FieldName.authorization,
  FieldName.cookie,
  FieldName.setCookie,
);
const bitOf = (pseudo: number) => 1 << -pseudo;
const TARGET_PARTS = bitOf(Pseudo.path) | bitOf(Pseudo.scheme);
const OF_REQUESTS = TARGET_PARTS | bitOf(Pseudo.method) | bitOf(Pseudo.authority) | bitOf(Pseudo.protocol);

const ascii = (text: string) => new TextEncoder().encode(text);
const COOKIE = ascii("cookie: ");
const TRAILERS = ascii("trailers");
const HTTP = ascii("http");
const HTTPS = ascii("https");
const ASTERISK = 0x2a;
const SLASH = 0x2f;
const MAX_TARGET_BYTES = 8192;

/** What stands in a request beside what a `Head` holds. One serves an event loop. */
export class RequestPseudo {
  /** A bit for each pseudo-field. */
  seen = 0;
  authorityStart = 0;
  authorityEnd = 0;
  /** Of extended CONNECT (RFC 8441): the protocol to change to; start and end are the same where there is none. */
  protocolStart = 0;
  protocolEnd = 0;
}

/**
 * Checks a decoded section as a request (RFC 9113 §8.3.1) and fills `head` with it, whose offsets are into `section.bytes`. Lines
 * of `cookie` are joined to one, as an HTTP/1.1 target needs them (§8.2.3).
 *
 * @returns 0; {@link MALFORMED_MESSAGE}; or a `HeadError`, the status to answer with, negated
 */
export function readRequestSection(section: FieldSection, head: Head, pseudo: RequestPseudo): number {
  const { fields, bytes, count } = section;
  head.begin(20);
  pseudo.seen = pseudo.protocolStart = pseudo.protocolEnd = 0;
  if (section.isMalformed) return MALFORMED_MESSAGE;
  let place = 0;
  for (; place < count * FIELD && fields[place + 4]! < 0; place += FIELD) {
    const error = notePseudo(head, pseudo, bytes, fields[place + 4]!, fields[place + 2]!, fields[place + 3]!);
    if (error !== 0) return error;
  }
  let cookies = 0;
  for (; place < count * FIELD; place += FIELD) {
    const id = fields[place + 4]!;
    // Pseudo-fields come before all others.
    if (id < 0 || CONNECTION_SPECIFIC[id] === 1) return MALFORMED_MESSAGE;
    const valueStart = fields[place + 2]!;
    const valueEnd = fields[place + 3]!;
    if (id === FieldName.te && !equalsIgnoringCase(bytes, valueStart, valueEnd, TRAILERS)) return MALFORMED_MESSAGE;
    if (id === FieldName.cookie) cookies += 1;
    else if (!head.add(fields[place]!, fields[place + 1]!, valueStart, valueEnd, id as FieldName)) return -431;
  }
  if (section.isTooLarge) return -431;
  if (cookies > 0 && !joinCookies(section, head)) return -431;
  return checkTarget(head, bytes, pseudo) || checkFields(head, bytes, true) || checkHost(head, bytes, pseudo);
}

function notePseudo(
  head: Head,
  pseudo: RequestPseudo,
  bytes: Uint8Array,
  id: number,
  from: number,
  to: number,
): number {
  const bit = bitOf(id);
  if ((OF_REQUESTS & bit) === 0 || (pseudo.seen & bit) !== 0) return MALFORMED_MESSAGE;
  pseudo.seen |= bit;
  switch (id) {
    case Pseudo.method:
      head.methodStart = from;
      head.methodEnd = to;
      head.method = methodOf(bytes, from, to);
      break;
    case Pseudo.path:
      head.targetStart = from;
      head.targetEnd = to;
      break;
    case Pseudo.scheme:
      head.schemeIsHttps = equalsIgnoringCase(bytes, from, to, HTTPS);
      if (!head.schemeIsHttps && !equalsIgnoringCase(bytes, from, to, HTTP)) return -400;
      break;
    case Pseudo.authority:
      pseudo.authorityStart = from;
      pseudo.authorityEnd = to;
      break;
    case Pseudo.protocol:
      pseudo.protocolStart = from;
      pseudo.protocolEnd = to;
      break;
  }
  return 0;
}

/** A path is there and begins with a slash; only OPTIONS may have `*`, and only plain CONNECT has neither path nor scheme. */
function checkTarget(head: Head, bytes: Uint8Array, pseudo: RequestPseudo): number {
  const { methodStart, methodEnd, targetStart, targetEnd } = head;
  if (!isToken(bytes, methodStart, methodEnd)) return MALFORMED_MESSAGE;
  const isExtended = (pseudo.seen & bitOf(Pseudo.protocol)) !== 0;
  if (isExtended && !isToken(bytes, pseudo.protocolStart, pseudo.protocolEnd)) return MALFORMED_MESSAGE;
  if (head.method === Method.connect && !isExtended) {
    const isPlain = (pseudo.seen & TARGET_PARTS) === 0 && (pseudo.seen & bitOf(Pseudo.authority)) !== 0;
    return isPlain ? head.refuse("connect-unsupported") : MALFORMED_MESSAGE;
  }
  if (isExtended && head.method !== Method.connect) return MALFORMED_MESSAGE;
  if ((pseudo.seen & TARGET_PARTS) !== TARGET_PARTS || targetStart === targetEnd) return MALFORMED_MESSAGE;
  if (targetEnd - targetStart > MAX_TARGET_BYTES) return head.refuse("target-too-long");
  if (bytes[targetStart] !== SLASH) {
    const isAsterisk = bytes[targetStart] === ASTERISK && targetEnd === targetStart + 1;
    return isAsterisk && head.method === Method.options ? 0 : MALFORMED_MESSAGE;
  }
  for (let at = targetStart; at < targetEnd; at++) if (TARGET[bytes[at]!] === 0) return head.refuse("bad-target");
  return 0;
}

function isToken(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (TOKEN[bytes[at]!] === 0) return false;
  return from < to;
}

/** The authority in force is `:authority`. A `Host` that differs would be another one for whoever reads that (§8.3.1). */
function checkHost(head: Head, bytes: Uint8Array, pseudo: RequestPseudo): number {
  if ((pseudo.seen & bitOf(Pseudo.authority)) === 0) return head.hostStart < 0 ? head.refuse("host-missing") : 0;
  const { authorityStart, authorityEnd } = pseudo;
  if (!isAuthority(bytes, authorityStart, authorityEnd)) return head.refuse("bad-host");
  if (head.hostStart >= 0 && !sameIgnoringCase(bytes, head.hostStart, head.hostEnd, authorityStart, authorityEnd))
    return head.refuse("host-differs");
  head.hostStart = authorityStart;
  head.hostEnd = authorityEnd;
  return 0;
}

/** Adds `cookie: a; b` behind the other lines. @returns false where the head has too many fields */
function joinCookies(section: FieldSection, head: Head): boolean {
  const { fields, bytes, count } = section;
  const start = section.length;
  let end = start;
  for (let place = 0; place < count * FIELD; place += FIELD) {
    if (fields[place + 4] !== FieldName.cookie) continue;
    if (end === start) {
      bytes.set(COOKIE, end);
      end += COOKIE.length;
    } else {
      bytes[end++] = 0x3b;
      bytes[end++] = 0x20;
    }
    bytes.copyWithin(end, fields[place + 2]!, fields[place + 3]!);
    end += fields[place + 3]! - fields[place + 2]!;
  }
  bytes[end] = 0x0d;
  bytes[end + 1] = 0x0a;
  section.length = end + 2;
  return head.add(start, start + COOKIE.length - 2, start + COOKIE.length, end, FieldName.cookie);
}

/** Checks a decoded section as trailers, and fills `head` with them. @returns 0 or {@link MALFORMED_MESSAGE} */
export function readTrailerSection(section: FieldSection, head: Head): number {
  const { fields, count } = section;
  head.begin(20);
  if (section.isMalformed || section.isTooLarge) return MALFORMED_MESSAGE;
  for (let place = 0; place < count * FIELD; place += FIELD) {
    const id = fields[place + 4]!;
    if (id < 0 || CONNECTION_SPECIFIC[id] === 1 || NOT_IN_TRAILERS[id] === 1) return MALFORMED_MESSAGE;
    if (!head.add(fields[place]!, fields[place + 1]!, fields[place + 2]!, fields[place + 3]!, id as FieldName))
      return MALFORMED_MESSAGE;
  }
  return 0;
}

/**
 * Checks a decoded section as a response (RFC 9113 §8.3.2) and fills `head` with it.
 *
 * @returns 0, {@link MALFORMED_MESSAGE}, or a `HeadError`
 */
export function readResponseSection(section: FieldSection, head: Head): number {
  const { fields, bytes, count } = section;
  head.begin(20);
  if (section.isMalformed) return MALFORMED_MESSAGE;
  if (section.isTooLarge) return head.refuse("head-too-long");
  for (let place = 0; place < count * FIELD; place += FIELD) {
    const id = fields[place + 4]!;
    const valueStart = fields[place + 2]!;
    const valueEnd = fields[place + 3]!;
    if (place === 0) {
      if (id !== Pseudo.status) return MALFORMED_MESSAGE;
      head.status = statusAt(bytes, valueStart, valueEnd);
      // 101 is HTTP/1.1's (§8.6).
      if (head.status < 100 || head.status === 101) return MALFORMED_MESSAGE;
      continue;
    }
    if (id < 0 || CONNECTION_SPECIFIC[id] === 1) return MALFORMED_MESSAGE;
    if (!head.add(fields[place]!, fields[place + 1]!, valueStart, valueEnd, id as FieldName))
      return head.refuse("too-many-fields");
  }
  return head.status === 0 ? MALFORMED_MESSAGE : checkFields(head, bytes, false);
}

/** @returns -1 for anything but three digits that are a status */
function statusAt(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 3) return -1;
  let status = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status < 600 ? status : -1;
}
