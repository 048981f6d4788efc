import { parseIp } from "../ip-address.ts";
import { HOST_NAME, latin1 } from "./characters.ts";

const COLON = 0x3a;
const ZERO = 0x30;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MAX_NAME_BYTES = 255;
const MAX_PORT = 65_535;

/**
 * Returns whether bytes are `host` or `host:port`: a name, an IPv4 address or an IPv6 address in brackets. Stricter than RFC 3986
 * §3.2: no userinfo, no percent signs, no other delimiters, no zone and no empty port, since hosts that two readers take for
 * different ones defeat routes.
 */
export function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  let at = hostEnd(bytes, from, to);
  if (at < 0 || at === to) return at === to;
  if (bytes[at] !== COLON) return false;
  at += 1;
  if (at === to || to - at > 5) return false;
  let port = 0;
  for (; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= MAX_PORT;
}

/** Returns the end of the host, without its port, of bytes that are an authority; -1 when there is none. */
export function hostEnd(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === OPEN_BRACKET && from < to) return addressEnd(bytes, from, to);
  let at = from;
  while (at < to && HOST_NAME[bytes[at]!] === 1) at++;
  return at === from || at - from > MAX_NAME_BYTES ? -1 : at;
}

function addressEnd(bytes: Uint8Array, from: number, to: number): number {
  const close = bytes.subarray(from, Math.min(to, from + 48)).indexOf(CLOSE_BRACKET) + from;
  if (close <= from) return -1;
  const address = latin1(bytes, from + 1, close);
  return address.includes(":") && parseIp(address) !== undefined ? close + 1 : -1;
}
