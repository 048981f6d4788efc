import { Reader } from "./reader.ts";

const HOST_NAME = 0;
const MAX_NAME_BYTES = 255;

/**
 * Reads the host of a server_name extension (RFC 6066 §3), a list with at most one name of the only type. Returns ASCII in lower
 * case without a trailing dot, which is safe to compare and print; undefined for an invalid name.
 */
export function readServerName(data: Uint8Array): string | undefined {
  const reader = new Reader(data);
  const list = new Reader(reader.block(2));
  const type = list.number(1);
  const name = list.block(2);
  if (!reader.isAtEnd || !list.isAtEnd || type !== HOST_NAME || name.length > MAX_NAME_BYTES) return undefined;
  const text = String.fromCharCode(...name).toLowerCase();
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text) ? text : undefined;
}

/** Reads the protocols of an ALPN extension (RFC 7301 §3.1): at least one, none of them empty; [] for an invalid one. */
export function readAlpn(data: Uint8Array): string[] {
  const reader = new Reader(data);
  const list = new Reader(reader.block(2));
  const protocols: string[] = [];
  while (!list.failed && list.left > 0) {
    const name = list.block(1);
    if (name.length === 0) return [];
    protocols.push(String.fromCharCode(...name));
  }
  return reader.isAtEnd && list.isAtEnd ? protocols : [];
}
