import { randomBytes } from "node:crypto";
import { fieldLine } from "../../wire/http1/mod.ts";

/** The only protocol that is upgraded to. */
export const WEBSOCKET = "websocket";
export const UPGRADE_WEBSOCKET: Uint8Array = fieldLine("Upgrade", WEBSOCKET);

/** HTTP/2 has no handshake of its own (RFC 8441 §5): the target's needs a key. */
export function newWebSocketKey(): Uint8Array {
  return fieldLine("Sec-WebSocket-Key", randomBytes(16).toString("base64"));
}
