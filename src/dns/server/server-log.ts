import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { copyPeerIp, type DatagramAsker } from "../../net/mod.ts";
import type { Store } from "../../store/mod.ts";
import { type ClientNames, LEASE_FILES } from "../client-names/mod.ts";
import type { DnsConfig } from "../config.ts";
import {
  type LogNames,
  LogService,
  type LogSettings,
  LogVerdict,
  Privacy,
  type ResolvedQuery,
  Transport,
} from "../log/mod.ts";
import type { Resolver } from "../resolver/mod.ts";
import type { BlockListSet } from "./block-list-set.ts";
import type { MissAnswerer } from "./miss-answerer.ts";
import type { ServerSettings } from "./settings.ts";

const PRIVACY = {
  "show-all": Privacy.showAll,
  "hide-names": Privacy.hideNames,
  "hide-clients": Privacy.hideClients,
  "only-counts": Privacy.onlyCounts,
} as const;
const IP_BYTES = 16;
/** As which the rules of the configuration are shown. */
const OWN_RULES_NAME = "rules";

/** Makes the query log of a server. */
export function newServerLog(
  { log, workers }: DnsConfig,
  rest: { store: Store | undefined; names: LogNames; clients: ClientNames; startsFrozen: boolean | undefined },
): LogService {
  const seed = randomBytes(4).readInt32LE();
  return new LogService(logSettings(log), { threads: workers, memoryBytes: log.memory, seed, ...rest });
}

export function logSettings({ enabled, privacy, keep, maxSize, flush, maxPerHour }: DnsConfig["log"]): LogSettings {
  return {
    privacy: enabled ? PRIVACY[privacy] : Privacy.nothing,
    keepMs: keep,
    maxBytes: maxSize,
    flushMs: flush,
    maxRowsPerHour: maxPerHour,
  };
}

/** Returns the files of DHCP servers that name clients. */
export function leaseFiles({ config, folder }: ServerSettings): readonly string[] {
  const { leases } = config;
  if (leases === "off") return [];
  return leases === "auto" ? LEASE_FILES : leases.map((file) => resolve(folder, file));
}

/** Asks the router, or who else knows a zone of this house. @returns false where the name is in no such zone */
export function askInOwnZone(
  resolver: Resolver,
  query: Uint8Array,
  done: (answer: Uint8Array | undefined, length: number) => void,
): boolean {
  if (!resolver.isInOwnZone(query)) return false;
  resolver.ask(query, false, (answer, length, by) => done(by === LogVerdict.failed ? undefined : answer, length));
  return true;
}

/** Returns what the numbers in the log mean now. */
export function logNames(lists: BlockListSet, resolver: Resolver): LogNames {
  const { rules } = lists.built;
  const named = [{ list: 0, name: OWN_RULES_NAME }, ...lists.views()];
  let rulesByPlace: Map<string, string> | undefined;
  const upstreams = resolver.members.map(({ upstream }) => upstream.name);
  return {
    lists: (mask) => named.filter(({ list }) => (mask >>> list) & 1).map(({ name }) => name),
    rule(file, line) {
      rulesByPlace ??= new Map(rules.map((each) => [`${each.file}:${each.line}`, each.rule.text]));
      return rulesByPlace.get(`${file}:${line}`);
    },
    upstream: (index) => upstreams[index],
  };
}

/** Where a query came from that is not answered at once. */
export type Origin = Pick<ResolvedQuery, "ip" | "transport">;

export function originOf({ peer }: DatagramAsker): Origin {
  const ip = new Uint8Array(IP_BYTES);
  copyPeerIp(peer, 0, ip, 0);
  return { ip, transport: Transport.udp };
}

/** Has a query resolved, and written to the log when it is answered. */
export function resolveLogged(
  misses: MissAnswerer,
  log: LogService,
  bytes: Uint8Array,
  isDatagram: boolean,
  origin: Origin,
  done: (answer: Uint8Array, length: number) => void,
): void {
  const startMs = performance.now();
  misses.ask(bytes, { ip: origin.ip, isDatagram }, (answer, length, verdict, upstream, decided) => {
    const latencyMs = performance.now() - startMs;
    log.resolved({ ...origin, answer, verdict, upstream, latencyMs, nowMs: Date.now(), decided });
    done(answer, length);
  });
}
