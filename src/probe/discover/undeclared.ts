import { hostname, networkInterfaces } from "node:os";
import type { JsonRoute, Service } from "../../part/mod.ts";
import { HANDSHAKE_PORTS } from "../../wire/mod.ts";
import { discover, type Found } from "./discover.ts";
import { servicesText } from "./services-text.ts";

/** `POST /api/probe/discover`: what listens on this machine and is not declared. */
export interface DiscoverAnswer {
  /** The block `services:` for `tenk.yaml`. */
  readonly text: string;
  /** Services in it. */
  readonly found: number;
  /** Services that were found, and are declared already. */
  readonly declared: number;
}

const PORTS: Readonly<Record<string, number>> = { ...HANDSHAKE_PORTS, http: 80, https: 443 };

/** The route changes nothing, but greets strangers and may walk all of `/proc`: by POST, so that only who may change something looks. */
export function discoverRoute(services: () => readonly Service[], look: () => Promise<Found[]> = discover): JsonRoute {
  let looking: Promise<Found[]> | undefined;
  return {
    async post(): Promise<DiscoverAnswer> {
      // Who asks meanwhile gets the same answer.
      looking ??= look().finally(() => {
        looking = undefined;
      });
      const all = (await looking).filter(({ pid }) => pid !== process.pid);
      const undeclared = withFreeNames(undeclaredOf(all, services()), services());
      return { text: servicesText(undeclared), found: undeclared.length, declared: all.length - undeclared.length };
    },
  };
}

/** Leaves out what a service of this machine has as its target. @param own addresses and names of this machine */
export function undeclaredOf<Each extends Pick<Found, "target">>(
  found: readonly Each[],
  services: readonly Service[],
  own: ReadonlySet<string> = ownNames(),
): Each[] {
  const declared = new Set(services.flatMap(targetsOf).flatMap((target) => ownPort(target, own) ?? []));
  return found.filter(({ target }) => !declared.has(portOf(target)));
}

/** `new URL` drops a port that is the scheme's usual one. */
function portOf(target: string): number {
  return Number(/:(\d+)$/.exec(target)?.[1]);
}

/** One that is named as a declared service, on another machine, gets its port behind its name: a key may be there once. */
function withFreeNames(found: readonly Found[], services: readonly Service[]): Found[] {
  const taken = new Set(services.map(({ name }) => name));
  return found.map((each) => (taken.has(each.name) ? { ...each, name: `${each.name}-${portOf(each.target)}` } : each));
}

function targetsOf({ target, http }: Service): readonly string[] {
  const { answer } = http ?? {};
  const others = answer?.type === "forward" ? answer.forward.targets.map(({ url }) => url) : [];
  return target === undefined ? others : [target, ...others];
}

/** Returns the port of a target that is on this machine. */
function ownPort(target: string, own: ReadonlySet<string>): number | undefined {
  if (!URL.canParse(target)) return undefined;
  const { protocol, hostname: host, port } = new URL(target);
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (!own.has(name) && !name.startsWith("127.")) return undefined;
  return Number(port) || PORTS[protocol.slice(0, -1)];
}

function ownNames(): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  const name = hostname().toLowerCase();
  return new Set(["localhost", "::1", "0.0.0.0", "::", name, `${name}.local`, ...addresses]);
}
