import { TenkError } from "../../base/mod.ts";
import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import { formatIp, parseDecimal, parseIp } from "../ip-address.ts";
import {
  ipPair,
  type ProxyAddresses,
  type ProxyHeader,
  type ProxyRefusal,
  withAddresses,
  withoutAddresses,
} from "./header.ts";

/** proxy-protocol §2.1: the longest line, with its CRLF. */
export const MAX_V1_BYTES = 107;
const CR = 13;
const LF = 10;

/** Decodes a version 1 line; `bytes` begin with `PROXY`, as far as received. */
export function decodeProxyV1(bytes: Uint8Array): Decoded<ProxyHeader, ProxyRefusal> {
  const end = Math.min(bytes.length, MAX_V1_BYTES);
  const carriageReturn = indexOfEnd(bytes, end);
  if (carriageReturn === undefined) return refused("malformed-line");
  if (carriageReturn < 0) return bytes.length < MAX_V1_BYTES ? INCOMPLETE : refused("too-long");
  const header = parseLine(String.fromCharCode(...bytes.subarray(0, carriageReturn)));
  return header === undefined ? refused("malformed-line") : complete(header, carriageReturn + 2);
}

/**
 * Returns the index of the CRLF; -1 while it is missing. §2.1 forbids a CR or an LF by itself: undefined then, as early as
 * possible, so that the sender notices.
 */
function indexOfEnd(bytes: Uint8Array, end: number): number | undefined {
  for (let index = 0; index < end; index++) {
    if (bytes[index] === LF) return undefined;
    if (bytes[index] !== CR) continue;
    if (index + 1 === end) return -1;
    return bytes[index + 1] === LF ? index : undefined;
  }
  return -1;
}

function parseLine(line: string): ProxyHeader | undefined {
  const parts = line.split(" ");
  // §2.1: with UNKNOWN, the rest of the line must be ignored, and the connection's own addresses apply.
  if (parts[1] === "UNKNOWN") return withoutAddresses(1, "proxy");
  const [, protocol, source, destination, sourcePort, destinationPort] = parts;
  if (parts.length !== 6 || (protocol !== "TCP4" && protocol !== "TCP6")) return undefined;
  const width = protocol === "TCP4" ? 4 : 16;
  const [from, to] = [parseIp(source!), parseIp(destination!)];
  const ports = [parseDecimal(sourcePort!, 65_535), parseDecimal(destinationPort!, 65_535)] as const;
  if (from?.length !== width || to?.length !== width || ports[0] < 0 || ports[1] < 0) return undefined;
  return withAddresses(1, width === 4 ? "ipv4" : "ipv6", "stream", {
    sourceAddress: formatIp(from),
    sourcePort: ports[0],
    destinationAddress: formatIp(to),
    destinationPort: ports[1],
  });
}

/**
 * Encodes a version 1 line. Addresses that are not both IP addresses become `UNKNOWN`: the version has no others.
 *
 * @throws {TenkError} `invalid-option` when a port is not 0 to 65535
 * @example
 * const ends = { sourceAddress: "192.0.2.1", sourcePort: 56324, destinationAddress: "192.0.2.2", destinationPort: 443 };
 * new TextDecoder().decode(encodeProxyV1(ends)); // "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
 */
export function encodeProxyV1(addresses: ProxyAddresses): Uint8Array {
  const pair = ipPair(addresses);
  const [source, destination] = [checkedPort(addresses.sourcePort), checkedPort(addresses.destinationPort)];
  if (pair === undefined) return new TextEncoder().encode("PROXY UNKNOWN\r\n");
  const protocol = pair.family === "ipv4" ? "TCP4" : "TCP6";
  const ends = `${formatIp(pair.source)} ${formatIp(pair.destination)} ${source} ${destination}`;
  return new TextEncoder().encode(`PROXY ${protocol} ${ends}\r\n`);
}

/** @throws {TenkError} `invalid-option` */
export function checkedPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new TenkError(
    "invalid-option",
    `Cannot encode a PROXY header: a port must be 0 to 65535, current value is ${port}`,
  );
}
