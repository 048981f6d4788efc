import { type HostFiles, wordsOfLines } from "./files.ts";

const FOLDER = "/sys/class/net";
/** Routes and masters change without a device's coming or going. */
const CHOOSE_EVERY_MS = 30_000;
/** Only machines without hardware look at so many. */
const MAX_INSPECTED = 256;

const LOOPBACK = "772";
/** Kinds of devices whose packets leave by another one: wireguard and tun (65534), ipip, ip6tnl, sit, gre, ip6gre. */
const TUNNEL_TYPES = new Set(["65534", "768", "769", "776", "778", "823"]);
const TUNNEL_KINDS = /^DEVTYPE=(wireguard|vxlan|geneve|gtp)$/m;

export interface NetworkCards {
  /** @param present names of all devices there are now */
  among(present: readonly string[]): ReadonlySet<string>;
}

/**
 * Chooses the devices by which bytes leave the box, so that each byte counts once. What a device is for decides, not its
 * kind: the same veth is the only card of a container, and one of a hundred containers' ends on its host.
 *
 * - Hardware counts. So do devices without that have the default route and do not stand on hardware.
 * - Where there is no hardware, what has a route to a network counts: containers' ends on their host have one to the single
 *   address at most, ports of bridges and slaves of bonds have none.
 * - Bridges and tunnels count where nothing else does: their bytes go on by another device.
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
  // On a host with hundreds of containers, only what has the default route is looked at.
  const looked = hardware.length > 0 ? present.filter((name) => routes.default.has(name)) : present;
  const virtual = looked
    .filter((name) => !isHardware(name))
    .slice(0, MAX_INSPECTED)
    .map((name) => inspect(files, name))
    .filter(({ isLoopback, isPart }) => !isLoopback && !isPart);
  const ends = virtual.filter(({ isBridge, isTunnel }) => !isBridge && !isTunnel);
  if (hardware.length > 0)
    return [...hardware, ...namesOf(ends.filter(({ name }) => !standsOn(files, name, isHardware)))];

  const routed = ends.filter(({ name }) => routes.wide.has(name));
  const uplinks = virtual.filter(({ name, isBridge }) => isBridge && routes.default.has(name));
  const cards = new Set(namesOf([...routed, ...uplinks]));
  const lowest = [...cards].filter((name) => !standsOn(files, name, (lower) => cards.has(lower)));
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
  // What a VRF has for members are cards: it only chooses the table of routes.
  const isPart = inside.includes("master") && !/^DEVTYPE=vrf$/m.test(files.text(`${folder}/master/uevent`) ?? "");
  return {
    name,
    isPart,
    isLoopback: type === LOOPBACK || name === "lo" || /^DEVTYPE=vrf$/m.test(kind),
    isBridge: inside.includes("bridge"),
    isTunnel: inside.includes("tun_flags") || TUNNEL_TYPES.has(type) || TUNNEL_KINDS.test(kind),
  };
}

/** Whether a device is made of such ones here, as a VLAN is of a card, a bond of its slaves, or a VLAN of that. */
function standsOn(files: HostFiles, name: string, isSuch: (lower: string) => boolean, depth = 4): boolean {
  return files
    .list(`${FOLDER}/${name}`)
    .filter((file) => file.startsWith("lower_"))
    .map((file) => file.slice("lower_".length))
    .some((lower) => isSuch(lower) || (depth > 0 && standsOn(files, lower, isSuch, depth - 1)));
}

interface Routes {
  /** Devices with a route to anywhere. */
  readonly default: ReadonlySet<string>;
  /** Devices with a route to more than a single address. */
  readonly wide: ReadonlySet<string>;
}

const REJECT = 0x200;

/** /proc/net/route: a line of headings, then device, destination, gateway, flags … mask. /proc/net/ipv6_route: the device last. */
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
    // Every device that is up has its link's own and multicast.
    if (Number.parseInt(words[8] ?? "0", 16) & REJECT || /^(fe80|ff)/.test(to) || length === "80") continue;
    toNetworks.add(device);
    if (length === "00") toAll.add(device);
  }
  return { default: toAll, wide: toNetworks };
}
