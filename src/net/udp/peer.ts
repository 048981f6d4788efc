import { formatIp } from "../../wire/mod.ts";

const AF_INET = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
const MAPPED_PREFIX_BYTES = 12;

/** Writes who sent a datagram as sixteen bytes, IPv4 as `::ffff:a.b.c.d`: one form for tables and rules. */
export function copyPeerIp(peers: Uint8Array, at: number, out: Uint8Array, to: number): void {
  if (peers[at] !== AF_INET) {
    for (let index = 0; index < 16; index++) out[to + index] = peers[at + IPV6_AT + index]!;
    return;
  }
  for (let index = 0; index < 10; index++) out[to + index] = 0;
  out[to + 10] = 0xff;
  out[to + 11] = 0xff;
  for (let index = 0; index < 4; index++) out[to + MAPPED_PREFIX_BYTES + index] = peers[at + IPV4_AT + index]!;
}

export function peerPort(peers: Uint8Array, at: number): number {
  return (peers[at + 2]! << 8) | peers[at + 3]!;
}

const ip = new Uint8Array(16);

/** Returns who sent a datagram as people write it: `192.0.2.1`, `2001:db8::1`. */
export function peerAddress(peers: Uint8Array, at: number): string {
  copyPeerIp(peers, at, ip, 0);
  return formatIp(ip).replace(/^::ffff:(?=\d+\.)/, "");
}
