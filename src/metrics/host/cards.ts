import { type HostFiles, wordsOfLines } from "./files.ts";

const FOLDER = "/sys/class/net";
/** Routes and masters change while the list of devices stays the same. */
const CHOOSE_EVERY_MS = 30_000;
/** Only machines without hardware devices inspect so many. */
const MAX_INSPECTED = 256;

const LOOPBACK = "772";
/** Types of devices whose packets leave through another one: wireguard and tun (65534), ipip, ip6tnl, sit, gre, ip6gre. */
const TUNNEL_TYPES = new Set(["65534", "768", "769", "776", "778", "823"]);
const TUNNEL_KINDS = /^DEVTYPE=(wireguard|vxlan|geneve|gtp)$/m;

export interface NetworkCards {
  /** @param present names of all devices that exist now */
  among(present: readonly string[]): ReadonlySet<string>;
}

/**
 * Chooses the devices through which bytes leave the machine, so that each byte counts once. The role of a device decides,
 * not its type: a veth may be the only card of a container, or one of a hundred containers' ends on their host.
 *
 * - Hardware counts. So does a virtual device that has the default route and is not built on hardware.
 * - Without hardware, a device counts when it has a route to a network: containers' ends on their host have at most a route to
 *   a single address, ports of bridges and slaves of bonds have none.
 * - Bridges and tunnels count when nothing else does, since their bytes leave through another device.
 */
export function networkCards(files: HostFiles, nowMs: () => number = () => performance.now()): NetworkCards {
  const hardware = new Map<string, boolean>();
  let chosen: ReadonlySet<string> = new Set();
  let chosenFor = "";
  let chosenMs = Number.NEGATIVE_INFINITY;
  return {
    among(present) {
      const key = present.join("\n");
      if (key === chosenFor && nowMs() - chosenMs < CHOOSE_EVERY_MS) return chosen;
      for (const name of hardware.keys()) if (!present.includes(name)) hardware.delete(name);
      const isHardware = (name: string) => {
        const known = hardware.get(name) ?? files.target(`${FOLDER}/${name}/device`) !== undefined;
        hardware.set(name, known);
        return known;
      };
      [chosen, chosenFor, chosenMs] = [new Set(choose(files, present, isHardware)), key, nowMs()];
      return chosen;
    },
  };
}

function choose(files: HostFiles, present: readonly string[], isHardware: (name: string) => boolean): string[] {
  const routes = readRoutes(files);
  const hardware = present.filter(isHardware);
  // On a host with hundreds of containers, only devices with the default route are inspected.
  const looked = hardware.length > 0 ? present.filter((name) => routes.default.has(name)) : present;
  const virtual = looked
    .filter((name) => !isHardware(name))
    .slice(0, MAX_INSPECTED)
    .map((name) => inspect(files, name))
    .filter(({ isLoopback, isPart }) => !isLoopback && !isPart);
  const ends = virtual.filter(({ isBridge, isTunnel }) => !isBridge && !isTunnel);
  if (hardware.length > 0)
    return [...hardware, ...namesOf(ends.filter(({ name }) => !isBuiltOn(files, name, isHardware)))];

  const routed = ends.filter(({ name }) => routes.wide.has(name));
  const uplinks = virtual.filter(({ name, isBridge }) => isBridge && routes.default.has(name));
  const cards = new Set(namesOf([...routed, ...uplinks]));
  const lowest = [...cards].filter((name) => !isBuiltOn(files, name, (lower) => cards.has(lower)));
  const carrying = namesOf(virtual.filter(({ name }) => routes.wide.has(name)));
  return [lowest, carrying, namesOf(virtual)].find((names) => names.length > 0) ?? [];
}

interface Inspected {
  readonly name: string;
  readonly isLoopback: boolean;
  /** A port of a bridge or a slave of a bond. */
  readonly isPart: boolean;
  readonly isBridge: boolean;
  readonly isTunnel: boolean;
}

const namesOf = (devices: readonly Inspected[]) => devices.map(({ name }) => name);

function inspect(files: HostFiles, name: string): Inspected {
  const folder = `${FOLDER}/${name}`;
  const inside = files.list(folder);
  const type = files.text(`${folder}/type`)?.trim() ?? "";
  const kind = files.text(`${folder}/uevent`) ?? "";
  // Members of a VRF are cards of their own: it only selects their routing table.
  const isPart = inside.includes("master") && !/^DEVTYPE=vrf$/m.test(files.text(`${folder}/master/uevent`) ?? "");
  return {
    name,
    isPart,
    isLoopback: type === LOOPBACK || name === "lo" || /^DEVTYPE=vrf$/m.test(kind),
    isBridge: inside.includes("bridge"),
    isTunnel: inside.includes("tun_flags") || TUNNEL_TYPES.has(type) || TUNNEL_KINDS.test(kind),
  };
}

/** Whether a device is built on a matching one, as a VLAN on a card, a bond on its slaves, or a VLAN on a bond. */
function isBuiltOn(files: HostFiles, name: string, matches: (lower: string) => boolean, depth = 4): boolean {
  return files
    .list(`${FOLDER}/${name}`)
    .filter((file) => file.startsWith("lower_"))
    .map((file) => file.slice("lower_".length))
    .some((lower) => matches(lower) || (depth > 0 && isBuiltOn(files, lower, matches, depth - 1)));
}

interface Routes {
  /** Devices with a default route. */
  readonly default: ReadonlySet<string>;
  /** Devices with a route to more than a single address. */
  readonly wide: ReadonlySet<string>;
}

const REJECT = 0x200;

/** Reads /proc/net/route (headings, then device, destination, gateway, flags … mask) and /proc/net/ipv6_route (device last). */
function readRoutes(files: HostFiles): Routes {
  const [toAll, toNetworks] = [new Set<string>(), new Set<string>()];
  for (const [device = "", to, , flags = "0", , , , mask] of wordsOfLines(files.text("/proc/net/route") ?? "").slice(
    1,
  )) {
    if (Number.parseInt(flags, 16) & REJECT) continue;
    if (mask !== "FFFFFFFF") toNetworks.add(device);
    if (to === "00000000" && mask === "00000000") toAll.add(device);
  }
  for (const words of wordsOfLines(files.text("/proc/net/ipv6_route") ?? "")) {
    const [to = "", length = "", device = ""] = [words[0], words[1], words[9]];
    // Every device that is up has a link-local and a multicast route.
    if (Number.parseInt(words[8] ?? "0", 16) & REJECT || /^(fe80|ff)/.test(to) || length === "80") continue;
    toNetworks.add(device);
    if (length === "00") toAll.add(device);
  }
  return { default: toAll, wide: toNetworks };
}
