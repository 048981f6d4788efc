import { TenkError } from "../../base/mod.ts";
import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import { checkTarget, type TunnelCredentials, type TunnelTarget } from "./target.ts";

/** Why bytes are not the head of an HTTP/1 response. */
export const CONNECT_HEAD_REFUSALS = [
  "not-http", // it does not begin with HTTP/1.
  "too-long", // no end of the head in maxBytes
  "malformed-head", // a line that RFC 9112 does not allow
] as const;

export type ConnectHeadRefusal = (typeof CONNECT_HEAD_REFUSALS)[number];

/** The head of a proxy's response. */
export interface ConnectReply {
  readonly status: number;
  /** The reason phrase, decoded as Latin-1 and not safe for a log. */
  readonly phrase: string;
  /** Names in lower case, in their original order, with repetitions. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const CR = 13;
const LF = 10;
const START = new TextEncoder().encode("HTTP/1.");
/** RFC 9112 §4: the space before the reason phrase is there even when the phrase is empty. */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$/;
/** RFC 9110 §5.1, §5.5. No two parts can match the same character, so the time is linear. */
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Encodes the request for a tunnel (RFC 9110 §9.3.6), with Basic credentials (RFC 7617) if any are given.
 *
 * @throws {TenkError} `invalid-option` when the target is not a host and a port, the name has a colon, or either has
 *   control characters
 * @example
 * const request = encodeConnectRequest({ host: "::1", port: 443 });
 * new TextDecoder().decode(request); // "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"
 */
export function encodeConnectRequest(target: TunnelTarget, credentials?: TunnelCredentials): Uint8Array {
  checkTarget(target);
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const login = credentials === undefined ? "" : `Proxy-Authorization: Basic ${basic(credentials)}\r\n`;
  return new TextEncoder().encode(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
}

function basic({ username, password }: TunnelCredentials): string {
  // RFC 7617 §2: the first colon ends the name, and control characters are not allowed in either.
  if (/[:\p{Cc}]/u.test(username) || /\p{Cc}/u.test(password)) {
    throw new TenkError(
      "invalid-option",
      "Cannot log in to an HTTP proxy: a name must not have colons, and neither it nor its password control characters",
    );
  }
  return Buffer.from(`${username}:${password}`, "utf8").toString("base64");
}

/**
 * Decodes the head of the response to CONNECT, of any status. The tunnel's bytes begin behind its length. Strict, since two
 * lenient readers may disagree about where a head ends: a bare CR or LF, NUL, a folded line (RFC 9112 §5.2) or a space before a
 * colon (§5.1) is refused.
 *
 * @param scanned bytes that an earlier, incomplete call has searched already, so that the work stays linear
 * @example
 * decodeConnectReply(new TextEncoder().encode("SSH-2.0-OpenSSH")); // { state: "refused", reason: "not-http" }
 */
export function decodeConnectReply(
  bytes: Uint8Array,
  scanned = 0,
  options: {
    /** Longest head, in bytes. @default {16384} */
    maxBytes?: number;
  } = {},
): Decoded<ConnectReply, ConnectHeadRefusal> {
  const { maxBytes = 16_384 } = options;
  for (let index = scanned; index < Math.min(bytes.length, START.length); index++) {
    if (bytes[index] !== START[index]) return refused("not-http");
  }
  const length = headLength(bytes, scanned, maxBytes);
  if (length < 0) return refused("malformed-head");
  if (length === 0) return bytes.length < maxBytes ? INCOMPLETE : refused("too-long");
  const reply = parseHead(Buffer.from(bytes.buffer, bytes.byteOffset, length - 4).toString("latin1"));
  return reply === undefined ? refused("malformed-head") : complete(reply, length);
}

/** Returns the length of the head with its empty line; 0 while it is incomplete, -1 when a line does not end in CRLF. */
function headLength(bytes: Uint8Array, scanned: number, maxBytes: number): number {
  const seen = bytes.length > maxBytes ? bytes.subarray(0, maxBytes) : bytes;
  for (let at = seen.indexOf(LF, scanned); at >= 0; at = seen.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return -1;
    if (bytes[at - 2] === LF) return at + 1;
  }
  return 0;
}

function parseHead(head: string): ConnectReply | undefined {
  const [statusLine, ...fieldLines] = head.split("\r\n");
  const status = STATUS_LINE.exec(statusLine!);
  if (status === null) return undefined;
  const fields: [string, string][] = [];
  for (const line of fieldLines) {
    const field = FIELD_LINE.exec(line);
    if (field === null) return undefined;
    fields.push([field[1]!.toLowerCase(), withoutBlanks(field[2]!)]);
  }
  return { status: Number(status[1]), phrase: status[2]!, fields };
}

/** Removes blanks at both ends. `trim` removes other characters too, and a pattern for the end takes quadratic time. */
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value, start)) start += 1;
  while (end > start && isBlank(value, end - 1)) end -= 1;
  return value.slice(start, end);
}

function isBlank(value: string, at: number): boolean {
  return value[at] === " " || value[at] === "\t";
}
