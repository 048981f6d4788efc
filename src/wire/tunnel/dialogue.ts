import { type Refused, refused } from "../decoded.ts";
import { HeadBuffer } from "../head-buffer.ts";
import { printable } from "../printable.ts";
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
import type { TunnelCredentials, TunnelTarget } from "./target.ts";

/** Why there is no tunnel: the proxy's reply, or its violation of the protocol. */
export type TunnelRefusal =
  | SocksRefusal
  | ConnectHeadRefusal
  | "authentication-required" // HTTP 407
  | "status" // another HTTP status than 2xx, which `detail` contains
  | "unexpected-bytes"; // bytes behind a reply, before the next request

/** The next step after a chunk from the proxy. */
export type TunnelStep =
  | { readonly state: "incomplete" }
  | { readonly state: "send"; readonly bytes: Uint8Array }
  /** The tunnel is open. `rest` already came through it, and is borrowed like the chunk. */
  | { readonly state: "open"; readonly rest: Uint8Array }
  | Refused<TunnelRefusal>;

/**
 * The client's side of the dialogue with a proxy, without I/O: send `hello`, pass each chunk to `receive`, take the returned
 * step, and stop at `open` or `refused`. Its memory is bounded (16 KiB for HTTP, 262 bytes for SOCKS5, and one chunk); the caller
 * must set a timeout.
 */
export interface TunnelDialogue {
  readonly hello: Uint8Array;
  receive(chunk: Uint8Array): TunnelStep;
}

const INCOMPLETE = { state: "incomplete" } as const;

/**
 * Opens a tunnel through a SOCKS5 proxy (RFC 1928), with a password (RFC 1929) if one is given and the proxy requires it.
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

/** Interim responses (RFC 9110 §15.2) that are skipped before the final one. */
const MAX_INTERIM_REPLIES = 8;

/**
 * Opens a tunnel through an HTTP proxy by CONNECT (RFC 9110 §9.3.6). Any 2xx opens the tunnel directly behind its head; a
 * Content-Length is ignored.
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
