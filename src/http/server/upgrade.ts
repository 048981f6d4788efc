import { FIELD_STRIDE, FieldName, type Head, latin1, Method, TOKEN } from "../../wire/http1/mod.ts";

const MAX_NAME_BYTES = 64;
const SLASH = 0x2f;
/** Base64 of 16 bytes (RFC 6455 §4.1). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Returns the protocol that a request asks to change to, in lower case; "" where the request is to be taken as an ordinary one:
 *
 * - with content, whose end would be the begin of the other protocol's bytes (RFC 9110 §7.8 allows it; smugglers use it)
 * - `h2c`, `TLS` and other versions of HTTP: a target that agrees would get requests that nobody checked
 * - a WebSocket without a valid key or version (RFC 6455 §4.2.1): a target would refuse it anyway
 */
export function upgradeOf(head: Head, bytes: Uint8Array): string {
  if (head.version !== 11 || head.isChunked || head.contentLength > 0) return "";
  const line = head.at(FieldName.upgrade);
  if (line < 0) return "";
  const name = textOf(head, bytes, line, MAX_NAME_BYTES).toLowerCase();
  if (!isProtocolName(name) || name === "h2c" || /^(tls|http|h2)(\/|$)/.test(name)) return "";
  return name !== "websocket" || isWebSocket(head, bytes) ? name : "";
}

function isWebSocket(head: Head, bytes: Uint8Array): boolean {
  const version = head.at(FieldName.secWebsocketVersion);
  const key = head.at(FieldName.secWebsocketKey);
  return (
    head.method === Method.get &&
    version >= 0 &&
    textOf(head, bytes, version, 2) === "13" &&
    key >= 0 &&
    KEY.test(textOf(head, bytes, key, 24))
  );
}

/** Returns a field's value, or "" where it is longer. */
function textOf(head: Head, bytes: Uint8Array, line: number, maxBytes: number): string {
  const from = head.fields[line * FIELD_STRIDE + 2]!;
  const to = head.fields[line * FIELD_STRIDE + 3]!;
  return to - from > maxBytes ? "" : latin1(bytes, from, to);
}

/** One protocol, with or without a version; a list of several asks for a choice that only its target can make. */
function isProtocolName(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const byte = name.charCodeAt(at);
    if (TOKEN[byte] === 0 && byte !== SLASH) return false;
  }
  return name !== "";
}
