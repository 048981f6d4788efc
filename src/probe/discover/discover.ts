import { type HttpApplication, isHttpApplication, isWildcard } from "../../part/mod.ts";
import { type Greeted, greet } from "./greeting.ts";
import { holdersOf, type Process } from "./holders.ts";
import { type ListeningPort, listeningPorts } from "./listening.ts";
import { type Known, nameOf } from "./programs.ts";
import { type PublishedPort, publishedPorts } from "./published-ports.ts";

/** Something that listens, as a service that could be declared. */
export interface Found {
  /** Different for each. */
  readonly name: string;
  /** `redis://127.0.0.1:6379`; `tcp://` where the protocol is not known. */
  readonly target: string;
  /** An application that is asked at its own path; undefined where the target says all. */
  readonly kind?: HttpApplication;
  /** The program; undefined where only root may see it. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
  /** The container behind the port, and its image. @default {a program of this machine itself} */
  readonly container?: string;
  readonly image?: string;
  /** How its protocol is known: by the program's name, by what it said, or not at all. */
  readonly knownBy: "name" | "greeting" | "nothing";
  /** Other ports of the same program, which are not the service: of its cluster, its peers, its management. */
  readonly otherPorts: readonly number[];
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
  const candidates = await candidatesOf(ports, published);
  const services = candidates.filter((each) => !isOtherPort(each, candidates));
  const greeted: (Greeted | undefined)[] = new Array(services.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < services.length; at = next++) {
      const each = services[at]!;
      if (needsGreeting(each, services)) greeted[at] = await greet(hostOf(each), each.port);
    }
  };
  await Promise.all(Array.from({ length: maxGreetings }, work));
  const understood = services.flatMap((each, at) => {
    const found = { ...each, greeted: greeted[at] };
    return isUnderstood(found, services, greeted) ? [found] : [];
  });
  return withNames(understood.map((each) => foundOf(each, candidates, understood)));
}

interface Candidate extends ListeningPort {
  readonly process: Process | undefined;
  readonly container: PublishedPort | undefined;
  readonly name: string | undefined;
  /** Undefined: it has to be greeted. */
  readonly known: Known | undefined;
}

/** Returns the ports of programs and containers, without those of the system. */
async function candidatesOf(
  ports: readonly ListeningPort[],
  published: () => Promise<ReadonlyMap<number, PublishedPort>>,
): Promise<Candidate[]> {
  const holders = await holdersOf(new Set(ports.map(({ inode }) => inode)));
  const named = ports.flatMap((each) => {
    const process = holders.get(each.inode);
    const found = process && nameOf(process);
    return process !== undefined && found === undefined ? [] : [{ ...each, process, found }];
  });
  // Whose port is held by an engine, or by somebody whom this user may not see, the engine knows.
  const isHidden = ({ process, found }: (typeof named)[number]) => process === undefined || found?.isHolder;
  const containers = named.some(isHidden) ? await published() : new Map<number, PublishedPort>();
  return named.map((each) => {
    const { found, ...rest } = each;
    const container = isHidden(each) ? containers.get(each.port) : undefined;
    if (container === undefined) return { ...rest, container, name: found?.name, known: found?.known };
    const { name, scheme } = container;
    return { ...rest, container, name, known: scheme === undefined ? undefined : { name, scheme } };
  });
}

interface GreetedCandidate extends Candidate {
  readonly greeted: Greeted | undefined;
}

const samePid = (one: Candidate, other: Candidate) =>
  one.process !== undefined && one.process.pid === other.process?.pid;

/** A program that listens on its usual port does not offer its service on others. */
function isOtherPort(each: Candidate, all: readonly Candidate[]): boolean {
  const known = each.known;
  if (known === undefined) return false;
  if (known.otherPort === each.port) return all.some((other) => samePid(each, other) && other.port !== each.port);
  const { mainPort } = known;
  if (mainPort === undefined || each.port === mainPort) return false;
  return all.some((other) => samePid(each, other) && other.port === mainPort);
}

/** One whose usual port is another, and that has several, tells by an answer which of them is the service. */
function needsGreeting(each: Candidate, all: readonly Candidate[]): boolean {
  const known = each.known;
  if (known === undefined) return true;
  return (
    known.mainPort !== undefined &&
    known.mainPort !== each.port &&
    all.some((other) => other !== each && samePid(each, other))
  );
}

/** Of several ports of a known program only those that were understood are services, if any was. */
function isUnderstood(
  each: GreetedCandidate,
  all: readonly Candidate[],
  greeted: readonly (Greeted | undefined)[],
): boolean {
  if (each.known === undefined || each.greeted !== undefined || !needsGreeting(each, all)) return true;
  return !all.some((other, at) => samePid(each, other) && greeted[at] !== undefined);
}

function foundOf(each: GreetedCandidate, all: readonly Candidate[], services: readonly Candidate[]): Found {
  const { port, process, container, greeted } = each;
  const known = greeted === undefined ? each.known : undefined;
  const scheme = greeted?.scheme ?? (known && schemeOf(known.scheme, port)) ?? "tcp";
  const host = hostOf(each);
  const others = all.filter(
    (other) => samePid(each, other) && !services.some((service) => service.port === other.port),
  );
  const name = each.name ?? greeted?.name ?? `port-${port}`;
  const kind = known?.name ?? greeted?.name ?? "";
  return {
    name,
    ...(isHttpApplication(kind) && { kind }),
    target: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    program: process?.comm,
    pid: process?.pid,
    ...(container && { container: container.container, image: container.image }),
    knownBy: greeted !== undefined ? "greeting" : known !== undefined ? "name" : "nothing",
    otherPorts: others.map((other) => other.port),
  };
}

/** Web servers have TLS on ports such as 443 and 8443. */
function schemeOf(scheme: string, port: number): string {
  return scheme === "http" && port % 1000 === 443 ? "https" : scheme;
}

function hostOf({ address }: ListeningPort): string {
  return isWildcard(address) ? "127.0.0.1" : address;
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
function withNames(found: readonly Found[]): Found[] {
  const taken = new Set<string>();
  return found.map((each) => {
    const name = taken.has(each.name) ? `${each.name}-${each.target.split(":").at(-1)}` : each.name;
    taken.add(name);
    return { ...each, name };
  });
}
