import { Reader } from "./reader.ts";

const HOST_NAME = 0;
const MAX_NAME_BYTES = 255;

/**
 * The host of a server_name extension (RFC 6066 §3): a list that may name each type once, and has one type. ASCII, in lower
 * case, without a dot at its end; undefined for what is no host name, so that it can be compared and printed as it is.
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

/** The protocols of an ALPN extension (RFC 7301 §3.1), which are at least one, and none of them empty; [] when it is wrong. */
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
