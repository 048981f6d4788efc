import { networkInterfaces } from "node:os";
import { parseIp } from "../../wire/mod.ts";
import type { Network } from "./networks.ts";

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = 96;

/** An address of an interface, as `node:os` reports it. */
interface Address {
  readonly address: string;
  /** `192.168.1.7/24` */
  readonly cidr: string | null;
  readonly internal: boolean;
}

/**
 * Returns the networks of this machine: reachable ones first, so that a client on none of them gets an address that may work;
 * loopback last. A client on an interface's IPv4 or IPv6 network gets its addresses of both families.
 */
export function machineNetworks(
  interfaces: Readonly<Record<string, readonly Address[] | undefined>> = networkInterfaces(),
): Network[] {
  const networks = Object.values(interfaces).flatMap((addresses = []) => networksOf(addresses));
  return [...networks.filter(({ internal }) => !internal), ...networks.filter(({ internal }) => internal)].map(
    ({ internal, ...network }) => network,
  );
}

function networksOf(addresses: readonly Address[]): (Network & { readonly internal: boolean })[] {
  const parsed = addresses.flatMap(({ address, cidr, internal }) => {
    const bytes = parseIp(address.split("%")[0]!);
    const bits = Number(cidr?.split("/")[1]);
    return bytes === undefined || !Number.isInteger(bits) ? [] : [{ bytes, bits, internal }];
  });
  // A link-local address is useless without the interface's name, which a DNS answer cannot carry.
  const usable = parsed.filter(({ bytes }) => !isLinkLocal(bytes)).map(({ bytes }) => bytes);
  const ipv4 = usable.filter(({ length }) => length === 4);
  const ipv6 = usable.filter(({ length }) => length === 16);
  return parsed.map(({ bytes, bits, internal }) => ({
    prefix: bytes.length === 4 ? Uint8Array.of(...MAPPED_PREFIX, ...bytes) : bytes,
    bits: bytes.length === 4 ? MAPPED_BITS + bits : bits,
    ipv4,
    ipv6,
    internal,
  }));
}

function isLinkLocal(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}
