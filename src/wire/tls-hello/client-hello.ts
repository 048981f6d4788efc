import { complete, type Decoded, refused } from "../decoded.ts";
import { readAlpn, readServerName } from "./extensions.ts";
import { Reader } from "./reader.ts";
import { joinRecords } from "./records.ts";

/** Why bytes are not a ClientHello. A closed set: it may be a metric label. */
export const TLS_HELLO_REFUSALS = [
  "not-tls", // no TLS handshake record: HTTP, SSH, SSL 2 …
  "not-client-hello", // TLS, but another message
  "too-long", // longer than maxBytes
  "malformed", // lengths that contradict each other, or an invalid name
] as const;

export type TlsHelloRefusal = (typeof TLS_HELLO_REFUSALS)[number];

/** The content of a ClientHello. It is not authenticated: any client can ask for any name. */
export interface ClientHello {
  /** The requested host (SNI) in lower case; undefined when there is none. */
  readonly serverName: string | undefined;
  /** Application protocols, the preferred one first, decoded as Latin-1, since they need not be UTF-8. */
  readonly alpn: readonly string[];
}

export interface ReadClientHelloOptions {
  /** Longest hello in bytes, including record headers. @default {16640} */
  maxBytes?: number;
}

/** One full record (RFC 8446 §5.1: 2^14 bytes), and room for the headers of a hello in many small records. */
const DEFAULT_MAX_BYTES = 16_384 + 256;
const CLIENT_HELLO = 1;
const HANDSHAKE_HEAD_BYTES = 4;
const RANDOM_BYTES = 32;
const SERVER_NAME = 0;
const ALPN = 16;

/**
 * Reads the ClientHello that a TLS connection begins with (RFC 8446 §4.1.2), to learn the requested host without taking part in
 * the handshake: forward the same bytes to the target. It may be split into records and chunks anywhere.
 *
 * Stateless: pass all bytes received so far (see `HeadBuffer`) until the result is no longer incomplete. Bytes that are not TLS
 * are refused at the first byte that differs.
 *
 * @example
 * readClientHello(new Uint8Array([0x16, 0x03, 0x01])).state; // "incomplete"
 * readClientHello(new TextEncoder().encode("GET / HTTP/1.1\r\n")); // { state: "refused", reason: "not-tls" }
 */
export function readClientHello(
  bytes: Uint8Array,
  options: ReadClientHelloOptions = {},
): Decoded<ClientHello, TlsHelloRefusal> {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const type = joinRecords(bytes, 1, maxBytes);
  if (type.state !== "value") return type;
  if (type.value[0] !== CLIENT_HELLO) return refused("not-client-hello");
  const head = joinRecords(bytes, HANDSHAKE_HEAD_BYTES, maxBytes);
  if (head.state !== "value") return head;
  const length = (head.value[1]! << 16) | (head.value[2]! << 8) | head.value[3]!;
  if (length > maxBytes) return refused("too-long");
  const message = joinRecords(bytes, HANDSHAKE_HEAD_BYTES + length, maxBytes);
  if (message.state !== "value") return message;
  const hello = parseHello(message.value.subarray(HANDSHAKE_HEAD_BYTES));
  return hello === undefined ? refused("malformed") : complete(hello, message.length);
}

/*
 *   │ version 2 │ random 32 │ session ‹1› │ cipher suites ‹2› │ compressions ‹1› │ extensions ‹2›: type 2, data ‹2› … │
 *                             ‹n›: a length of n bytes in front
 */
function parseHello(body: Uint8Array): ClientHello | undefined {
  const reader = new Reader(body);
  reader.skip(2 + RANDOM_BYTES);
  reader.block(1);
  reader.block(2);
  reader.block(1);
  // A hello of an old client without extensions ends here (RFC 5246 §7.4.1.2).
  if (reader.isAtEnd) return { serverName: undefined, alpn: [] };
  const extensions = new Reader(reader.block(2));
  let serverName: string | undefined;
  let alpn: readonly string[] = [];
  const seen = new Set<number>();
  while (!extensions.failed && extensions.left > 0) {
    const type = extensions.number(2);
    const data = extensions.block(2);
    // §4.2 forbids repetitions. With two names, two readers of one hello could see two hosts.
    if (extensions.failed || seen.has(type)) return undefined;
    seen.add(type);
    if (type === SERVER_NAME) {
      serverName = readServerName(data);
      if (serverName === undefined) return undefined;
    } else if (type === ALPN) {
      alpn = readAlpn(data);
      if (alpn.length === 0) return undefined;
    }
  }
  return reader.isAtEnd && extensions.isAtEnd ? { serverName, alpn } : undefined;
}
