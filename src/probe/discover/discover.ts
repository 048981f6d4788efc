import { isWildcard } from "../../part/mod.ts";
import { greet } from "./greeting.ts";
import { holdersOf } from "./holders.ts";
import { type ListeningPort, listeningPorts } from "./listening.ts";
import { nameOf } from "./programs.ts";
import { type PublishedPort, publishedPorts } from "./published-ports.ts";

/** Something that listens, as a service that could be declared. */
export interface Found {
  /** Different for each. */
  readonly name: string;
  /** `redis://127.0.0.1:6379`; `tcp://` where the protocol is not known. */
  readonly target: string;
  /** The program; undefined where only root may see it. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
  /** The container behind the port, and its image. @default {a program of this machine itself} */
  readonly container?: string;
  readonly image?: string;
  /** How its protocol is known: by the program's name, by what it said, or not at all. */
  readonly knownBy: "name" | "greeting" | "nothing";
}

export interface DiscoverOptions {
  /** Ports that are greeted at a time. @default {4} */
  readonly maxGreetings?: number;
  /** Ports to leave out, such as tenk's own. @default {none} */
  readonly exceptPorts?: ReadonlySet<number>;
  /** Asks for the containers behind published ports. @default {the engines of this machine} */
  readonly published?: () => Promise<ReadonlyMap<number, PublishedPort>>;
}

/**
 * Finds what listens on this machine, and who it is: by the program's name first; only a port whose program says nothing is greeted, since each
 * greeting is a line in somebody's log.
 */
export async function discover(options: DiscoverOptions = {}): Promise<Found[]> {
  const { maxGreetings = 4, exceptPorts = new Set(), published = publishedPorts } = options;
  const ports = oneEach(await listeningPorts()).filter(({ port }) => !exceptPorts.has(port));
  const holders = await holdersOf(new Set(ports.map(({ inode }) => inode)));
  const candidates = ports.flatMap((each) => {
    const process = holders.get(each.inode);
    const named = process && nameOf(process, each.port);
    // A part of the system.
    if (process !== undefined && named === undefined) return [];
    return [{ ...each, process, named }];
  });
  // Whose port is held by an engine, or by somebody whom this user may not see, the engine knows.
  const isAsked = candidates.some(({ process, named }) => process === undefined || named?.isHolder);
  const containers = isAsked ? await published() : new Map<number, PublishedPort>();
  const behind = ({ port, process, named }: (typeof candidates)[number]) =>
    process === undefined || named?.isHolder ? containers.get(port) : undefined;
  const found: Omit<Found, "name">[] = new Array(candidates.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < candidates.length; at = next++) {
      const { address, port, process, named } = candidates[at]!;
      const container = behind(candidates[at]!);
      const host = isWildcard(address) ? "127.0.0.1" : address;
      const ofName = container?.scheme ?? named?.scheme;
      const greeted = ofName === undefined ? await greet(host, port) : undefined;
      const scheme = ofName ?? greeted ?? "tcp";
      found[at] = {
        target: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
        program: process?.comm,
        pid: process?.pid,
        ...(container && { container: container.container, image: container.image }),
        knownBy: ofName !== undefined ? "name" : greeted !== undefined ? "greeting" : "nothing",
      };
    }
  };
  await Promise.all(Array.from({ length: maxGreetings }, work));
  return withNames(
    found,
    candidates.map((each) => behind(each)?.name ?? each.named?.name ?? `port-${each.port}`),
  );
}

/** A port that is listened on at several addresses is one service; one of loopback is reached in any case. */
function oneEach(ports: readonly ListeningPort[]): ListeningPort[] {
  const byPort = new Map<number, ListeningPort>();
  const rank = ({ address }: ListeningPort) => (address === "127.0.0.1" ? 0 : isWildcard(address) ? 1 : 2);
  for (const each of ports) {
    const before = byPort.get(each.port);
    if (before === undefined || rank(each) < rank(before)) byPort.set(each.port, each);
  }
  return [...byPort.values()].sort((one, other) => one.port - other.port);
}

/** The first of several with one name has it alone, the others have their port behind it. */
function withNames(found: readonly Omit<Found, "name">[], names: readonly string[]): Found[] {
  const taken = new Set<string>();
  return found.map((each, at) => {
    const plain = names[at]!;
    const name = taken.has(plain) ? `${plain}-${each.target.split(":").at(-1)}` : plain;
    taken.add(name);
    return { name, ...each };
  });
}
