import { formatIp, isMappedIpv4, parseIp } from "../ip-address.ts";
import type { ProxyTlv } from "./tlv.ts";

/** Why bytes are not a PROXY header that is accepted. A closed set: it may be a metric label. */
export const PROXY_REFUSALS = [
  "signature", // neither version begins like this: not a proxy, or one that sends no header
  "version", // a version that does not exist or is not accepted
  "too-long", // a v2 header above maxBytes, or no end of line in 107 bytes
  "malformed-line", // a v1 line that does not match the grammar
  "command", // neither LOCAL nor PROXY
  "family", // an address family or a transport that does not exist
  "address-block", // fewer bytes than the family's addresses need
  "tlv", // a TLV that exceeds the header or violates its own definition
  "checksum", // the header's CRC-32C differs
] as const;

export type ProxyRefusal = (typeof PROXY_REFUSALS)[number];

export type ProxyFamily = "ipv4" | "ipv6" | "unix" | "unspecified";
export type ProxyTransport = "stream" | "datagram" | "unspecified";

/** The two ends of a connection. */
export interface ProxyAddresses {
  /** The client: an IP address; a Unix path, with `\0` in front of an abstract one; "" when unknown. */
  readonly sourceAddress: string;
  /** 0 for Unix sockets. */
  readonly sourcePort: number;
  /** The address it connected to, in the same form. */
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/**
 * A proxy's description of the connection it forwards. With the command `local` (the proxy's own connection, such as a health
 * check) or the family `unspecified`, addresses are "" and ports 0, and the socket's own addresses apply.
 */
export interface ProxyHeader extends ProxyAddresses {
  readonly version: 1 | 2;
  readonly command: "proxy" | "local";
  readonly family: ProxyFamily;
  readonly transport: ProxyTransport;
  /** The proxy's extensions (version 2), in their order, without padding and checksum. Copies: they may be kept. */
  readonly tlvs: readonly ProxyTlv[];
}

const NO_TLVS: readonly ProxyTlv[] = [];
const NOWHERE: ProxyAddresses = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };

/** Returns a header without addresses. */
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

/** Both addresses in one family, as a header needs them. */
export interface IpPair {
  readonly family: "ipv4" | "ipv6";
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/**
 * Converts both addresses to bytes of one family; undefined when one is not an IP address. A dual-stack socket reports an IPv4
 * peer as `::ffff:192.0.2.1`, which is written as IPv4 unless the other address is IPv6.
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
