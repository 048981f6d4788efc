import { formatIp, isMappedIpv4, parseIp } from "../ip-address.ts";
import type { ProxyTlv } from "./tlv.ts";

/** Why bytes are not a PROXY header that is accepted. A closed set: it may be a metric label. */
export const PROXY_REFUSALS = [
  "signature", // neither version begins like this: a stranger, or a proxy that sends no header
  "version", // a version that does not exist, or is not accepted here
  "too-long", // a v2 header above maxBytes, or no end of line in 107 bytes
  "malformed-line", // a v1 line that does not match the grammar
  "command", // neither LOCAL nor PROXY
  "family", // an address family or a transport that does not exist
  "address-block", // fewer bytes than the family's addresses need
  "tlv", // a TLV that does not fit into the header or into its own definition
  "checksum", // the header's CRC-32C is another one
] as const;

export type ProxyRefusal = (typeof PROXY_REFUSALS)[number];

export type ProxyFamily = "ipv4" | "ipv6" | "unix" | "unspecified";
export type ProxyTransport = "stream" | "datagram" | "unspecified";

/** The two ends of a connection. */
export interface ProxyAddresses {
  /** Who connected: an IP address; a Unix path, abstract with `\0` in front; "" when it is not known. */
  readonly sourceAddress: string;
  /** 0 for Unix sockets. */
  readonly sourcePort: number;
  /** Where it connected to, in the same words. */
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/**
 * What a proxy says about the connection it carries. With the command `local` (the proxy's own connection, such as a health
 * check) or the family `unspecified` it says nothing: addresses are "", ports 0, and the socket's own ends hold.
 */
export interface ProxyHeader extends ProxyAddresses {
  readonly version: 1 | 2;
  readonly command: "proxy" | "local";
  readonly family: ProxyFamily;
  readonly transport: ProxyTransport;
  /** What the proxy added (version 2), in its order, without padding and checksum. Copies: they may be kept. */
  readonly tlvs: readonly ProxyTlv[];
}

const NO_TLVS: readonly ProxyTlv[] = [];
const NOWHERE: ProxyAddresses = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };

/** A header that names no ends. */
export function withoutAddresses(version: 1 | 2, command: "proxy" | "local"): ProxyHeader {
  return { version, command, family: "unspecified", transport: "unspecified", ...NOWHERE, tlvs: NO_TLVS };
}

export function withAddresses(
  version: 1 | 2,
  family: ProxyFamily,
  transport: ProxyTransport,
  addresses: ProxyAddresses,
  tlvs = NO_TLVS,
): ProxyHeader {
  return { version, command: "proxy", family, transport, ...addresses, tlvs };
}

/** Both ends in one family, as a header needs them. */
export interface IpPair {
  readonly family: "ipv4" | "ipv6";
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/**
 * The ends as bytes of one family, or undefined when one is not an IP address. A socket for both families shows an IPv4
 * peer as `::ffff:192.0.2.1`: it is written as what it is, unless the other end is IPv6.
 */
export function ipPair({ sourceAddress, destinationAddress }: ProxyAddresses): IpPair | undefined {
  const [source, destination] = [parseIp(sourceAddress), parseIp(destinationAddress)];
  if (source === undefined || destination === undefined) return undefined;
  const [source4, destination4] = [asIpv4(source), asIpv4(destination)];
  if (source4 && destination4) return { family: "ipv4", source: source4, destination: destination4 };
  return { family: "ipv6", source: asIpv6(source), destination: asIpv6(destination) };
}

function asIpv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === 4) return bytes;
  return isMappedIpv4(bytes) ? bytes.subarray(12) : undefined;
}

function asIpv6(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 ? bytes : parseIp(`::ffff:${formatIp(bytes)}`)!;
}
