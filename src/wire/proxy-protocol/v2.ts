import { TenkError } from "../../base/mod.ts";
import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import { formatIp } from "../ip-address.ts";
import { headerChecksum } from "./crc32c.ts";
import {
  ipPair,
  type ProxyAddresses,
  type ProxyHeader,
  type ProxyRefusal,
  type ProxyTransport,
  withAddresses,
  withoutAddresses,
} from "./header.ts";
import { PROXY_TLV, type ProxyTlv, parseTlvs, writeTlvs } from "./tlv.ts";
import { checkedPort } from "./v1.ts";

/** The signature of every version 2 header (proxy-protocol §2.2). */
export const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

/*
 *   0            12        13        14       16
 *   │ signature  │ version │ family  │ length │ source │ destination │ ports │ TLV … │
 *   │            │ command │transport│        │└──────── length bytes ──────────────┘│
 */
const HEAD_BYTES = 16;
const UNIX_PATH_BYTES = 108;
const FAMILIES = ["unspecified", "ipv4", "ipv6", "unix"] as const;
const TRANSPORTS = ["unspecified", "stream", "datagram"] as const;
/** Bytes of one address, and of both addresses with their ports. */
const ADDRESS_BYTES = { unspecified: 0, ipv4: 4, ipv6: 16, unix: UNIX_PATH_BYTES };
const BLOCK_BYTES = { unspecified: 0, ipv4: 12, ipv6: 36, unix: 216 };

/** Decodes a version 2 header; `bytes` begin with the signature, as far as received. */
export function decodeProxyV2(bytes: Uint8Array, maxBytes: number): Decoded<ProxyHeader, ProxyRefusal> {
  if (bytes.length < HEAD_BYTES) return INCOMPLETE;
  const length = HEAD_BYTES + readUint16(bytes, 14);
  if (bytes[12]! >> 4 !== 2) return refused("version");
  if (length > maxBytes) return refused("too-long");
  const command = bytes[12]! & 15;
  if (command > 1) return refused("command");
  // With LOCAL, the family is ignored and the block is discarded, however long it is.
  const isLocal = command === 0;
  const family = FAMILIES[bytes[13]! >> 4];
  const transport = TRANSPORTS[bytes[13]! & 15];
  if (!isLocal && (family === undefined || transport === undefined)) return refused("family");
  if (bytes.length < length) return INCOMPLETE;
  if (isLocal) return complete(withoutAddresses(2, "local"), length);
  return decodeBlock(bytes.subarray(0, length), family!, transport!);
}

function decodeBlock(
  header: Uint8Array,
  family: (typeof FAMILIES)[number],
  transport: ProxyTransport,
): Decoded<ProxyHeader, ProxyRefusal> {
  // "The receiver should ignore address information", so it does not know either where TLVs would begin.
  if (family === "unspecified" || transport === "unspecified") {
    return complete(withoutAddresses(2, "proxy"), header.length);
  }
  const tlvsAt = HEAD_BYTES + BLOCK_BYTES[family];
  if (header.length < tlvsAt) return refused("address-block");
  const addresses = readAddresses(header, family);
  if (header.length === tlvsAt) return complete(withAddresses(2, family, transport, addresses), header.length);
  // One copy for all TLVs, since the bytes are borrowed and the header is kept as long as its connection. (A Buffer's `slice`
  // is a view.)
  const block = new Uint8Array(header.subarray(tlvsAt));
  const tlvs = parseTlvs(block);
  if (tlvs === undefined) return refused("tlv");
  const checksums = tlvs.filter(({ type }) => type === PROXY_TLV.checksum);
  // Two checksums would each have to count the other one as zeros.
  if (checksums.length > 1) return refused("tlv");
  if (checksums[0] !== undefined && !isChecksum(header, checksums[0].value, tlvsAt)) return refused("checksum");
  const content = tlvs.filter(({ type }) => type !== PROXY_TLV.checksum && type !== PROXY_TLV.noop);
  return complete(withAddresses(2, family, transport, addresses, content), header.length);
}

function readAddresses(header: Uint8Array, family: "ipv4" | "ipv6" | "unix"): ProxyAddresses {
  const width = ADDRESS_BYTES[family];
  const textAt = (at: number) => (family === "unix" ? readPath(header, at) : formatIp(header, at, width));
  const portsAt = HEAD_BYTES + 2 * width;
  return {
    sourceAddress: textAt(HEAD_BYTES),
    sourcePort: family === "unix" ? 0 : readUint16(header, portsAt),
    destinationAddress: textAt(HEAD_BYTES + width),
    destinationPort: family === "unix" ? 0 : readUint16(header, portsAt + 2),
  };
}

/** A path ends at its first zero byte. An abstract one (unix(7)) begins with a zero, and has zeros as padding at its end. */
function readPath(header: Uint8Array, at: number): string {
  const field = header.subarray(at, at + UNIX_PATH_BYTES);
  let end = UNIX_PATH_BYTES;
  if (field[0] !== 0) end = field.indexOf(0);
  else while (end > 0 && field[end - 1] === 0) end -= 1;
  return new TextDecoder().decode(field.subarray(0, end < 0 ? UNIX_PATH_BYTES : end));
}

/** @param value a view into the copied block: its offset gives its place in the header */
function isChecksum(header: Uint8Array, value: Uint8Array, tlvsAt: number): boolean {
  const view = new DataView(value.buffer, value.byteOffset, 4);
  return view.getUint32(0) === headerChecksum(header, tlvsAt + value.byteOffset);
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export interface ProxyV2Options {
  /** `local` declares that the connection is the proxy's own. @default {"proxy"} */
  command?: "proxy" | "local";
  /** @default {"stream"} */
  transport?: "stream" | "datagram";
  /** Extensions; see `proxyTlvs`. @default {[]} */
  tlvs?: readonly ProxyTlv[];
  /** Adds a CRC-32C of the header, for receivers that check it. @default {false} */
  checksum?: boolean;
}

/**
 * Encodes a version 2 header. Addresses that are neither both IP addresses nor Unix paths are written as LOCAL, as HAProxy does:
 * every receiver must accept that, while some reject PROXY without addresses, as §2.2 allows. LOCAL carries no TLVs.
 *
 * @throws {TenkError} `invalid-option` when a port, a path, a TLV or the whole header is out of its bounds
 * @example
 * const ends = { sourceAddress: "192.0.2.1", sourcePort: 56324, destinationAddress: "192.0.2.2", destinationPort: 443 };
 * encodeProxyV2(ends).length; // 28
 */
export function encodeProxyV2(addresses: ProxyAddresses, options: ProxyV2Options = {}): Uint8Array {
  const { command = "proxy", transport = "stream", tlvs = [], checksum = false } = options;
  const [family, block] = addressBlock(addresses);
  if (command === "local" || family === "unspecified") return headerOf(0x20, 0);
  // The checksum comes last, as zeros until the rest is written.
  const content = checksum ? [...tlvs, { type: PROXY_TLV.checksum, value: new Uint8Array(4) }] : tlvs;
  const code = (FAMILIES.indexOf(family) << 4) | TRANSPORTS.indexOf(transport);
  const header = headerOf(0x21, code, block, writeTlvs(content));
  if (!checksum) return header;
  const fieldAt = header.length - 4;
  new DataView(header.buffer).setUint32(fieldAt, headerChecksum(header, fieldAt));
  return header;
}

function headerOf(command: number, code: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > 65_535) {
    throw new TenkError("invalid-option", `Cannot encode a PROXY header of ${length} bytes: at most 65535 fit`, {
      hint: "send fewer or shorter TLVs",
    });
  }
  const header = new Uint8Array(HEAD_BYTES + length);
  header.set(V2_SIGNATURE);
  header.set([command, code, length >> 8, length & 255], 12);
  let at = HEAD_BYTES;
  for (const part of parts) {
    header.set(part, at);
    at += part.length;
  }
  return header;
}

function addressBlock(addresses: ProxyAddresses): readonly [(typeof FAMILIES)[number], Uint8Array] {
  const { sourceAddress, destinationAddress } = addresses;
  const pair = ipPair(addresses);
  const isUnix = pair === undefined && (isPath(sourceAddress) || isPath(destinationAddress));
  const family = pair?.family ?? (isUnix ? "unix" : "unspecified");
  const block = new Uint8Array(BLOCK_BYTES[family]);
  if (isUnix) {
    block.set(checkedPath(sourceAddress));
    block.set(checkedPath(destinationAddress), UNIX_PATH_BYTES);
  } else if (pair !== undefined) {
    block.set(pair.source);
    block.set(pair.destination, pair.source.length);
    const view = new DataView(block.buffer, 2 * pair.source.length);
    view.setUint16(0, checkedPort(addresses.sourcePort));
    view.setUint16(2, checkedPort(addresses.destinationPort));
  }
  return [family, block];
}

function isPath(address: string): boolean {
  return address.startsWith("/") || address.startsWith("\0");
}

function checkedPath(path: string): Uint8Array {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length <= UNIX_PATH_BYTES) return bytes;
  throw new TenkError(
    "invalid-option",
    `Cannot encode a Unix path of ${bytes.length} bytes: at most ${UNIX_PATH_BYTES}`,
  );
}
