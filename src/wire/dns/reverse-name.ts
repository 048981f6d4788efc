import { labelCount, sameName } from "./name.ts";
import { parseName } from "./name-text.ts";

/** Names of addresses for PTR (RFC 1035 §3.5, RFC 3596 §2.5): the address from its end, below `in-addr.arpa` or `ip6.arpa`. */

const IN_ADDR = parseName("in-addr.arpa")!;
const IP6 = parseName("ip6.arpa")!;
const HEX = "0123456789abcdef";

/**
 * Returns the name of an address.
 *
 * @param address 4 or 16 bytes
 * @example
 * nameText(reverseName(new Uint8Array([192, 0, 2, 1]))); // "1.2.0.192.in-addr.arpa"
 */
export function reverseName(address: Uint8Array): Uint8Array {
  const bytes = [...address].reverse();
  const labels = bytes.length === 4 ? bytes.map(String) : bytes.flatMap((byte) => [HEX[byte & 15]!, HEX[byte >> 4]!]);
  return parseName(`${labels.join(".")}.${bytes.length === 4 ? "in-addr.arpa" : "ip6.arpa"}`)!;
}

/** An address or a network that a name stands for. */
export interface ReverseNetwork {
  /** 4 or 16 bytes, zeros behind the prefix. */
  readonly address: Uint8Array;
  /** 32 or 128 for a whole address, fewer for the zone of a network, 0 for `in-addr.arpa` itself. */
  readonly prefixBits: number;
}

/**
 * Returns the address or the network that a valid name stands for; undefined for names that are none, such as those of smaller
 * networks (RFC 2317) or of services below an address.
 */
export function reverseNetwork(bytes: Uint8Array, at = 0): ReverseNetwork | undefined {
  const labels = labelCount(bytes, at) - 2;
  if (labels < 0 || labels > 32) return undefined;
  let zoneAt = at;
  for (let count = 0; count < labels; count++) zoneAt += bytes[zoneAt]! + 1;
  const isIpv4 = sameName(bytes, zoneAt, IN_ADDR, 0);
  if (!isIpv4 && !sameName(bytes, zoneAt, IP6, 0)) return undefined;
  if (isIpv4 && labels > 4) return undefined;
  const address = new Uint8Array(isIpv4 ? 4 : 16);
  for (let place = labels - 1; place >= 0; place--, at += bytes[at]! + 1) {
    const value = isIpv4 ? decimal(bytes, at) : hexDigit(bytes, at);
    if (value < 0) return undefined;
    if (isIpv4) address[place] = value;
    else address[place >> 1]! |= value << (place & 1 ? 0 : 4);
  }
  return { address, prefixBits: labels * (isIpv4 ? 8 : 4) };
}

/** Returns the number that a label is: 0 to 255 without leading zeros; else -1. */
function decimal(bytes: Uint8Array, at: number): number {
  const length = bytes[at]!;
  if (length > 3 || (length > 1 && bytes[at + 1] === 0x30)) return -1;
  let value = 0;
  for (let index = 1; index <= length; index++) {
    const digit = bytes[at + index]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= 255 ? value : -1;
}

function hexDigit(bytes: Uint8Array, at: number): number {
  return bytes[at] === 1 ? HEX.indexOf(String.fromCharCode(bytes[at + 1]!).toLowerCase()) : -1;
}
