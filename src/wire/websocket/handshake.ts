import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Sixteen bytes in base64: the last character before the padding has four bits that must be 0. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Returns whether a text may be a `Sec-WebSocket-Key` (RFC 6455 §4.1). */
export function isWebSocketKey(key: string): boolean {
  return KEY.test(key);
}

/** Returns the `Sec-WebSocket-Accept` of a key (RFC 6455 §4.2.2). */
export function webSocketAccept(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}
