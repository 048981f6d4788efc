/** ICMP echo messages (RFC 792, RFC 4443 §4). */

/** Both versions have the same layout: type, code, checksum, identifier, sequence number, data. */
const HEADER_BYTES = 8;
const TYPES = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

export type IpVersion = 4 | 6;

export interface Echo {
  readonly version: IpVersion;
  readonly identifier: number;
  readonly sequence: number;
  /** Comes back unchanged: it tells our own replies from others. */
  readonly data: Uint8Array;
}

/**
 * Returns an echo request. Its checksum is that of IPv4; for IPv6 the kernel writes it, since it covers addresses of the packet
 * (RFC 3542 §3.1).
 */
export function echoRequest({ version, identifier, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = TYPES[version].request;
  view.setUint16(4, identifier);
  view.setUint16(6, sequence);
  bytes.set(data, HEADER_BYTES);
  view.setUint16(2, checksum(bytes));
  return bytes;
}

/**
 * Reads an echo reply.
 *
 * @param bytes from the ICMP header on
 * @returns undefined for any other message
 */
export function readEchoReply(bytes: Uint8Array, version: IpVersion): Echo | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== TYPES[version].reply || bytes[1] !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { version, identifier: view.getUint16(4), sequence: view.getUint16(6), data: bytes.slice(HEADER_BYTES) };
}

/** Returns what is in an IPv4 packet, as raw sockets receive it with its header; undefined where that is cut off. */
export function ipv4Content(packet: Uint8Array): Uint8Array | undefined {
  const headerBytes = (packet[0]! & 15) * 4;
  if (packet.length < 20 || packet[0]! >> 4 !== 4 || headerBytes < 20 || packet.length < headerBytes) return undefined;
  return packet.subarray(headerBytes);
}

/** RFC 1071 */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += bytes[index]! * 256 + (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
