import { type Refused, refused } from "../decoded.ts";
import { HeadBuffer } from "../head-buffer.ts";
import { type ConnectHeadRefusal, decodeConnectReply, encodeConnectRequest } from "./http-connect.ts";
import {
  decodeSocksLogin,
  decodeSocksMethod,
  decodeSocksReply,
  encodeSocksConnect,
  encodeSocksCredentials,
  encodeSocksGreeting,
  type SocksMethod,
  type SocksRefusal,
} from "./socks5.ts";
import { printable, type TunnelCredentials, type TunnelTarget } from "./target.ts";

/** Why there is no tunnel: what the proxy said, or how it broke its protocol. */
export type TunnelRefusal =
  | SocksRefusal
  | ConnectHeadRefusal
  | "authentication-required" // HTTP 407
  | "status" // another HTTP status than 2xx; it stands in `detail`
  | "unexpected-bytes"; // it went on before it was asked to

/** What is to be done after a chunk of the proxy's. */
export type TunnelStep =
  | { readonly state: "incomplete" }
  | { readonly state: "send"; readonly bytes: Uint8Array }
  /** The tunnel stands. `rest` came through it already; it is borrowed, as the chunk is. */
  | { readonly state: "open"; readonly rest: Uint8Array }
  | Refused<TunnelRefusal>;

/**
 * The client's side of a talk with a proxy. It does no I/O: send `hello`, give it each chunk, do what it says, until it
 * is `open` or `refused`; then it is of no more use. What it keeps is bounded (16 KiB for HTTP, 262 bytes for SOCKS5, and
 * one chunk), what time it may take is the caller's to bound.
 */
export interface TunnelDialogue {
  readonly hello: Uint8Array;
  receive(chunk: Uint8Array): TunnelStep;
}

const INCOMPLETE = { state: "incomplete" } as const;

/**
 * Through a SOCKS5 proxy (RFC 1928), with name and password (RFC 1929) if they are given and it asks for them.
 *
 * ```text
 *   greeting ─►   ◄─ method   [login ─►   ◄─ taken]   connect ─►   ◄─ reply   ═ tunnel ═
 * ```
 *
 * @throws {TenkError} `invalid-option` when the target is not a host and a port, or the credentials are too long
 * @example
 * const dialogue = socks5Dialogue({ host: "192.0.2.1", port: 80 });
 * dialogue.hello; // new Uint8Array([5, 1, 0])
 * dialogue.receive(new Uint8Array([5, 0])).state; // "send"
 * dialogue.receive(new Uint8Array([5, 5])); // { state: "refused", reason: "connection-refused" }
 */
export function socks5Dialogue(target: TunnelTarget, credentials?: TunnelCredentials): TunnelDialogue {
  const methods: SocksMethod[] = credentials === undefined ? ["none"] : ["none", "password"];
  const request = encodeSocksConnect(target);
  const login = credentials === undefined ? undefined : encodeSocksCredentials(credentials);
  const head = new HeadBuffer();
  let next: "method" | "login" | "reply" = "method";
  function receive(chunk: Uint8Array): TunnelStep {
    const bytes = head.add(chunk);
    const decoded =
      next === "method"
        ? decodeSocksMethod(bytes, methods)
        : next === "login"
          ? decodeSocksLogin(bytes)
          : decodeSocksReply(bytes);
    if (decoded.state === "incomplete") head.keep(bytes);
    if (decoded.state !== "value") return decoded;
    const rest = bytes.subarray(decoded.length);
    if (next === "reply") return { state: "open", rest };
    if (rest.length > 0) return refused("unexpected-bytes");
    head.keep(rest);
    const logsIn = decoded.value === "password" && login !== undefined;
    next = logsIn ? "login" : "reply";
    return { state: "send", bytes: logsIn ? login : request };
  }
  return { hello: encodeSocksGreeting(methods), receive };
}

/** Interim answers (RFC 9110 §15.2) that are passed over before the final one. */
const MAX_INTERIM_REPLIES = 8;

/**
 * Through an HTTP proxy by CONNECT (RFC 9110 §9.3.6). Any 2xx opens the tunnel right behind its head, whatever length it
 * claims to have.
 *
 * @throws {TenkError} `invalid-option` when the target is not a host and a port, or the credentials cannot be sent
 * @example
 * const dialogue = httpConnectDialogue({ host: "home.arpa", port: 443 });
 * const reply = "HTTP/1.1 200 OK\r\n\r\nhello";
 * dialogue.receive(new TextEncoder().encode(reply)); // { state: "open", rest: new TextEncoder().encode("hello") }
 */
export function httpConnectDialogue(target: TunnelTarget, credentials?: TunnelCredentials): TunnelDialogue {
  const head = new HeadBuffer();
  let scanned = 0;
  let interimReplies = 0;
  function receive(chunk: Uint8Array): TunnelStep {
    let bytes = head.add(chunk);
    for (;;) {
      const decoded = decodeConnectReply(bytes, scanned);
      scanned = bytes.length;
      if (decoded.state === "incomplete") head.keep(bytes);
      if (decoded.state !== "value") return decoded;
      const { status, phrase } = decoded.value;
      bytes = bytes.subarray(decoded.length);
      if (status >= 200 && status <= 299) return { state: "open", rest: bytes };
      interimReplies += 1;
      if (status >= 200 || status === 101 || interimReplies > MAX_INTERIM_REPLIES) {
        return refused(status === 407 ? "authentication-required" : "status", printable(`${status} ${phrase}`));
      }
      scanned = 0;
      if (bytes.length > 0) continue;
      head.keep(bytes);
      return INCOMPLETE;
    }
  }
  return { hello: encodeConnectRequest(target, credentials), receive };
}
