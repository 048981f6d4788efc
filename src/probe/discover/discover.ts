import { isWildcard } from "../../part/mod.ts";
import { greet } from "./greeting.ts";
import { holdersOf } from "./holders.ts";
import { type ListeningPort, listeningPorts } from "./listening.ts";
import { nameOf } from "./programs.ts";

/** Something that listens, as a service that could be declared. */
export interface Found {
  /** Different for each. */
  readonly name: string;
  /** `redis://127.0.0.1:6379`; `tcp://` where the protocol is not known. */
  readonly target: string;
  /** The program; undefined where only root may see it. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
  /** How its protocol is known: by the program's name, by what it said, or not at all. */
  readonly knownBy: "name" | "greeting" | "nothing";
}

export interface DiscoverOptions {
  /** Ports that are greeted at a time. @default {4} */
  readonly maxGreetings?: number;
  /** Ports to leave out, such as tenk's own. @default {none} */
  readonly exceptPorts?: ReadonlySet<number>;
}

/**
 * Finds what listens on this machine, and who it is: by the program's name first; only a port whose program says nothing is greeted, since each
 * greeting is a line in somebody's log.
 */
export async function discover({ maxGreetings = 4, exceptPorts = new Set() }: DiscoverOptions = {}): Promise<Found[]> {
  const ports = oneEach(await listeningPorts()).filter(({ port }) => !exceptPorts.has(port));
  const holders = await holdersOf(new Set(ports.map(({ inode }) => inode)));
  const candidates = ports.flatMap((each) => {
    const process = holders.get(each.inode);
    const named = process && nameOf(process, each.port);
    // A part of the system.
    if (process !== undefined && named === undefined) return [];
    return [{ ...each, process, named }];
  });
  const found: Omit<Found, "name">[] = new Array(candidates.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < candidates.length; at = next++) {
      const { address, port, process, named } = candidates[at]!;
      const host = isWildcard(address) ? "127.0.0.1" : address;
      const greeted = named?.scheme === undefined ? await greet(host, port) : undefined;
      const scheme = named?.scheme ?? greeted ?? "tcp";
      found[at] = {
        target: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
        program: process?.comm,
        pid: process?.pid,
        knownBy: named?.scheme !== undefined ? "name" : greeted !== undefined ? "greeting" : "nothing",
      };
    }
  };
  await Promise.all(Array.from({ length: maxGreetings }, work));
  return withNames(
    found,
    candidates.map(({ named, port }) => named?.name ?? `port-${port}`),
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
