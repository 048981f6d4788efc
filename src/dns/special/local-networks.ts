import type { ReverseNetwork } from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";

/** Networks whose reverse lookups are not sent to the internet: RFC 6303 and the registry of locally served zones. */
const NETWORKS: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "255.255.255.255/32",
  "::/128",
  "::1/128",
  "2001:db8::/32",
  "fc00::/7",
  "fe80::/10",
];

const PARSED = NETWORKS.map((text) => {
  const [address, bits] = text.split("/");
  return { address: parseIp(address!)!, prefixBits: Number(bits) };
});

/** Returns whether a network, or an address, is part of one of them. A wider one is not: `in-addr.arpa` itself is public. */
export function isLocalNetwork({ address, prefixBits }: ReverseNetwork): boolean {
  return PARSED.some(
    (local) =>
      local.address.length === address.length &&
      local.prefixBits <= prefixBits &&
      hasPrefix(address, local.address, local.prefixBits),
  );
}

function hasPrefix(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const mask = bits - index * 8 >= 8 ? 0xff : (0xff00 >> (bits - index * 8)) & 0xff;
    if (((address[index]! ^ prefix[index]!) & mask) !== 0) return false;
  }
  return true;
}
