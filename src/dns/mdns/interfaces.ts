import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseIp } from "../../wire/mod.ts";

/** An interface for multicast, and its addresses. */
export interface LinkInterface {
  readonly name: string;
  /** The kernel's number: another one after the interface was made again. */
  readonly number: number;
  readonly hasIpv4: boolean;
  readonly hasIpv6: boolean;
  /** Those that are published, 4 and 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  /** `192.168.1.7/24` */
  readonly networks: readonly string[];
}

/** What the machine says of its interfaces. */
export interface InterfaceSource {
  interfaces(): ReturnType<typeof networkInterfaces>;
  /** A file in `/sys/class/net/NAME`; undefined without one. */
  file(name: string, file: string): string | undefined;
  isBridgePort(name: string): boolean;
  /** `/proc/net/if_inet6` */
  inet6(): string;
}

// Flags of interfaces (include/uapi/linux/if.h), and of IPv6 addresses (include/uapi/linux/if_addr.h).
const IFF_POINTOPOINT = 0x10;
const IFF_MULTICAST = 0x1000;
const IFA_F_TEMPORARY = 0x01;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
const UNUSED = IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE;

/**
 * Returns the interfaces of this machine that mDNS is spoken on: those with multicast that are up and have an address, without
 * loopback, tunnels, and ports of bridges, whose bridge is one itself.
 */
export function linkInterfaces(source: InterfaceSource = MACHINE): LinkInterface[] {
  const unused = unusedIpv6(source.inet6());
  return Object.entries(source.interfaces()).flatMap(([name, all = []]) => {
    if (all.some(({ internal }) => internal) || !hasMulticast(source, name) || source.isBridgePort(name)) return [];
    const usable = all.flatMap(({ address, cidr }) => {
      const bytes = parseIp(address.split("%")[0]!);
      return bytes === undefined || unused.has(hexOf(bytes)) ? [] : [{ bytes, cidr: cidr?.split("%")[0] ?? address }];
    });
    const hasFamily = (length: number) => usable.some(({ bytes }) => bytes.length === length);
    if (usable.length === 0) return [];
    return [
      {
        name,
        number: Number(source.file(name, "ifindex") ?? 0),
        hasIpv4: hasFamily(4),
        hasIpv6: hasFamily(16),
        addresses: publishedOf(usable.map(({ bytes }) => bytes)),
        networks: usable.map(({ cidr }) => cidr),
      },
    ];
  });
}

/** Returns all addresses of this machine, 4 and 16 bytes each. */
export function ownAddresses({ interfaces }: InterfaceSource = MACHINE): Uint8Array[] {
  return Object.values(interfaces()).flatMap((all = []) =>
    all.flatMap(({ address }) => parseIp(address.split("%")[0]!) ?? []),
  );
}

/** Of each family link-local ones only where there are no others: most programs need an interface's name with them. */
function publishedOf(addresses: readonly Uint8Array[]): Uint8Array[] {
  return [4, 16].flatMap((length) => {
    const family = addresses.filter((bytes) => bytes.length === length);
    const wide = family.filter((bytes) => !isLinkLocal(bytes));
    return wide.length > 0 ? wide : family;
  });
}

export function isLinkLocal(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

/** Returns whether an address is on one of the networks, such as `192.168.1.7/24`. */
export function isOnNetworks(address: string, networks: readonly string[]): boolean {
  const bytes = parseIp(address.split("%")[0]!);
  if (bytes === undefined) return false;
  if (isLinkLocal(bytes)) return true;
  return networks.some((network) => {
    const [own = "", bits = ""] = network.split("/");
    const prefix = parseIp(own);
    return prefix !== undefined && prefix.length === bytes.length && isWithinPrefix(bytes, prefix, Number(bits));
  });
}

function isWithinPrefix(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit));
    if (((bytes[bit >> 3]! ^ prefix[bit >> 3]!) & mask & 0xff) !== 0) return false;
  }
  return true;
}

/** Where `/sys` says nothing, joining the group says whether there is multicast. */
function hasMulticast(source: InterfaceSource, name: string): boolean {
  const text = source.file(name, "flags");
  const flags = text === undefined ? IFF_MULTICAST : Number(text);
  return (flags & IFF_MULTICAST) !== 0 && (flags & IFF_POINTOPOINT) === 0;
}

/** Returns the addresses that come and go by themselves, and that are not used yet or no more, in hexadecimal digits. */
function unusedIpv6(text: string): Set<string> {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  return new Set(lines.flatMap(([address = "", , , , flags]) => (Number(`0x${flags}`) & UNUSED ? [address] : [])));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

const MACHINE: InterfaceSource = {
  interfaces: networkInterfaces,
  file: (name, file) => textOf(`/sys/class/net/${name}/${file}`),
  isBridgePort: (name) => existsSync(`/sys/class/net/${name}/brport`),
  inet6: () => textOf("/proc/net/if_inet6") ?? "",
};
