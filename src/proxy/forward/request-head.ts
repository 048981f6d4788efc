import {
  copyRun,
  FIELD_STRIDE,
  FieldName,
  type FieldSet,
  FORWARDING,
  fieldSet,
  type Head,
  HOP_BY_HOP,
} from "../../wire/http1/mod.ts";

const encoder = new TextEncoder();
const SP = 0x20;
const CR = 0x0d;
const LF = 0x0a;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const VERSION = encoder.encode(" HTTP/1.1\r\n");
const GET = encoder.encode("GET");
const HOST = encoder.encode("Host: ");
const FORWARDED_HOST = encoder.encode("X-Forwarded-Host: ");
const COOKIE = encoder.encode("Cookie: ");
/** In lower case. */
const TRAILERS = encoder.encode("trailers");
const TE_TRAILERS = encoder.encode("TE: trailers\r\n");
const CHUNKED = encoder.encode("Transfer-Encoding: chunked\r\n");
const CONTENT_LENGTH = encoder.encode("Content-Length: ");
const UPGRADE = encoder.encode("Connection: Upgrade\r\nUpgrade: websocket\r\n");

/** Room for `Host: …` in front of the fields: it is written last, since it may be the target's own. */
const HOST_ROOM = 300;
/** For the lines that are added, behind a head of the most bytes that a server takes. */
const ADDED_BYTES = 6_000;

/** Never copied from a request: fields of the hop, of those who forwarded it, and names that some targets take for others. */
export const DROPPED_FROM_REQUESTS: FieldSet = union(
  HOP_BY_HOP,
  FORWARDING,
  fieldSet(FieldName.host, FieldName.ambiguous, FieldName.expect),
);

export function union(...sets: readonly FieldSet[]): FieldSet {
  const all = new Uint8Array(sets[0]!.length);
  for (const set of sets) for (let name = 0; name < set.length; name++) if (set[name] === 1) all[name] = 1;
  return all;
}

/** How the request's content is delimited towards the target. */
export type Delimiting = "none" | "length" | "chunked";

/** What a request head is written from, beside the client's own. */
export interface HeadParts {
  /** Instead of the client's own method and target; prepared. */
  readonly requestLine?: Uint8Array;
  /** Fields not to copy. */
  readonly drop: FieldSet;
  /** Names, in lower case, of fields not to copy: those that the service sets or removes. */
  readonly dropNames: readonly Uint8Array[];
  /** Bytes of the path that are cut off in front. */
  readonly stripBytes: number;
  /** Prepared lines: who forwarded it, `Via`, and the service's own fields. */
  readonly lines: readonly Uint8Array[];
  readonly delimiting: Delimiting;
  readonly contentLength: number;
  readonly isWebSocket: boolean;
}

/**
 * The head of a request to a target, and the first bytes of its content.
 *
 * ```text
 *   0 ───── request line ─┬─ gap ─┬─ Host, for this target ─┬─ fields, empty line ─┬─ content ─ … end
 *                         └───────┴── moved together by `pointAt`, also for a second target
 * ```
 */
export class RequestHead {
  readonly bytes: Uint8Array;
  /** Where the request begins, once `pointAt` was called. */
  from = 0;
  to = 0;
  #lineLength = 0;
  #fieldsStart = 0;
  /** Behind the empty line. */
  #headEnd = 0;

  /** @param maxHeadBytes the longest head that is taken from clients */
  constructor(maxHeadBytes: number) {
    this.bytes = new Uint8Array(maxHeadBytes + HOST_ROOM + ADDED_BYTES);
  }

  get headBytes(): number {
    return this.#headEnd - this.from;
  }

  /** Content that is in it already. */
  get contentBytes(): number {
    return this.to - this.#headEnd;
  }

  /** Writes the head, as far as it does not depend on the target. @returns false where it has no room */
  write(head: Head, source: Uint8Array, parts: HeadParts): boolean {
    const out = this.bytes;
    this.from = 0;
    this.#lineLength = writeRequestLine(out, head, source, parts);
    this.#fieldsStart = this.#lineLength + HOST_ROOM;
    let at = copyFields(out, this.#fieldsStart, head, source, parts);
    if (at < 0) return false;
    for (const line of parts.lines) {
      if (at + line.length > out.length - 512) return false;
      at = copyRun(out, at, line, 0, line.length);
    }
    if (head.hostStart >= 0) {
      if (at + head.hostEnd - head.hostStart > out.length - 256) return false;
      at = copyRun(out, at, FORWARDED_HOST, 0, FORWARDED_HOST.length);
      at = endLine(out, copyRun(out, at, source, head.hostStart, head.hostEnd));
    }
    at = writeDelimiting(out, at, parts);
    at = endLine(out, at);
    this.#headEnd = at;
    this.to = at;
    return true;
  }

  /** Adds content behind the head. @returns false where it has no room: then nothing was added */
  append(content: Uint8Array): boolean {
    if (this.to + content.length > this.bytes.length) return false;
    this.bytes.set(content, this.to);
    this.to += content.length;
    return true;
  }

  /** Puts a target's `Host` in place. @param authority its value, at most 255 bytes */
  pointAt(authority: Uint8Array): void {
    const out = this.bytes;
    const hostStart = this.#fieldsStart - HOST.length - authority.length - 2;
    const from = hostStart - this.#lineLength;
    out.copyWithin(from, this.from, this.from + this.#lineLength);
    let at = copyRun(out, hostStart, HOST, 0, HOST.length);
    at = copyRun(out, at, authority, 0, authority.length);
    endLine(out, at);
    this.from = from;
  }
}

function endLine(out: Uint8Array, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

function writeRequestLine(out: Uint8Array, head: Head, source: Uint8Array, parts: HeadParts): number {
  const { requestLine, stripBytes, isWebSocket } = parts;
  if (requestLine !== undefined) return copyRun(out, 0, requestLine, 0, requestLine.length);
  // The extended CONNECT of HTTP/2 is a GET in HTTP/1.1 (RFC 8441 §5).
  let at = isWebSocket
    ? copyRun(out, 0, GET, 0, GET.length)
    : copyRun(out, 0, source, head.methodStart, head.methodEnd);
  out[at++] = SP;
  const start = head.targetStart + stripBytes;
  // What is left of a stripped path begins with a slash, or is empty or a query.
  if (stripBytes > 0 && (start === head.targetEnd || source[start] === QUESTION)) out[at++] = SLASH;
  at = copyRun(out, at, source, start, head.targetEnd);
  return copyRun(out, at, VERSION, 0, VERSION.length);
}

/** Copies the kept lines, neighbours in one run. @returns where they end; -1 without room */
function copyFields(out: Uint8Array, start: number, head: Head, source: Uint8Array, parts: HeadParts): number {
  const { fields, count } = head;
  const { drop, dropNames } = parts;
  const limit = out.length - ADDED_BYTES + HOST_ROOM;
  const joinsCookies = head.version === 20;
  let at = start;
  let hasCookie = false;
  let runStart = -1;
  let runEnd = -1;
  for (let line = 0; line <= count; line++) {
    const place = line * FIELD_STRIDE;
    const name = line === count ? -1 : fields[place + 4]!;
    const isKept =
      name >= 0 &&
      drop[name] === 0 &&
      (dropNames.length === 0 || !isNamed(source, fields[place]!, fields[place + 1]!, dropNames));
    const isSplitCookie = isKept && joinsCookies && name === FieldName.cookie;
    hasCookie ||= isSplitCookie;
    if (isKept && !isSplitCookie) {
      if (runStart < 0) runStart = fields[place]!;
      runEnd = fields[place + 3]!;
    } else if (runStart >= 0) {
      if (at + runEnd - runStart > limit) return -1;
      at = endLine(out, copyRun(out, at, source, runStart, runEnd));
      runStart = -1;
    }
  }
  if (hasCookie) at = joinCookies(out, at, head, source, limit);
  return at < 0 ? -1 : writeTe(out, at, head, source);
}

/** `TE` is of this hop, but whoever forwards trailers may say so (RFC 9110 §10.1.4); gRPC servers ask for it. */
function writeTe(out: Uint8Array, at: number, head: Head, source: Uint8Array): number {
  const line = head.at(FieldName.te);
  if (line < 0) return at;
  const [from, to] = [head.fields[line * FIELD_STRIDE + 2]!, head.fields[line * FIELD_STRIDE + 3]!];
  return sameLowerCase(source, from, to, TRAILERS) ? copyRun(out, at, TE_TRAILERS, 0, TE_TRAILERS.length) : at;
}

function isNamed(source: Uint8Array, from: number, to: number, names: readonly Uint8Array[]): boolean {
  return names.some((name) => sameLowerCase(source, from, to, name));
}

/** @param name in lower case */
function sameLowerCase(source: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const code = source[from + i]!;
    if ((code >= 0x41 && code <= 0x5a ? code | 0x20 : code) !== name[i]) return false;
  }
  return true;
}

function joinCookies(out: Uint8Array, start: number, head: Head, source: Uint8Array, limit: number): number {
  const { fields, count } = head;
  let at = copyRun(out, start, COOKIE, 0, COOKIE.length);
  let isFirst = true;
  for (let line = 0; line < count; line++) {
    const place = line * FIELD_STRIDE;
    if (fields[place + 4] !== FieldName.cookie) continue;
    const [from, to] = [fields[place + 2]!, fields[place + 3]!];
    if (at + to - from + 4 > limit) return -1;
    if (!isFirst) {
      out[at] = 0x3b;
      out[at + 1] = SP;
      at += 2;
    }
    isFirst = false;
    at = copyRun(out, at, source, from, to);
  }
  return endLine(out, at);
}

function writeDelimiting(
  out: Uint8Array,
  start: number,
  { delimiting, contentLength, isWebSocket }: HeadParts,
): number {
  if (isWebSocket) return copyRun(out, start, UPGRADE, 0, UPGRADE.length);
  if (delimiting === "chunked") return copyRun(out, start, CHUNKED, 0, CHUNKED.length);
  if (delimiting === "none") return start;
  const at = copyRun(out, start, CONTENT_LENGTH, 0, CONTENT_LENGTH.length);
  const digits = encoder.encodeInto(String(contentLength), out.subarray(at)).written;
  return endLine(out, at + digits);
}
