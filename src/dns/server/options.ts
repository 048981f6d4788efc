import { pemOption } from "../../listener/mod.ts";
import { parseName } from "../../wire/dns/mod.ts";
import type { AnswerWriter } from "../answers/mod.ts";
import { type DnsConfig, zoneName } from "../config.ts";
import type { ResolverOptions } from "../resolver/mod.ts";
import type { ListSources } from "./block-list-set.ts";
import type { ServerSettings } from "./settings.ts";

/** Returns the options of the resolver. */
export function resolverOptions({ config, folder }: ServerSettings, cache: AnswerWriter): ResolverOptions {
  const { limits, cache: ages } = config;
  const ca = config.upstreamCa === undefined ? {} : { ca: pemOption(config.upstreamCa, folder) };
  const upstreams = (addresses: readonly string[]) =>
    addresses.map((address) => ({ address, timeoutMs: config.upstreamTimeout, ...ca }));
  return {
    upstreams: upstreams(config.upstreams),
    zones: Object.entries(config.zones).map(([zone, addresses]) => ({
      name: zoneName(zone),
      upstreams: upstreams(addresses),
    })),
    bootstrap: config.bootstrap,
    cache,
    mode: config.upstreamMode,
    maxAttempts: limits.attempts,
    maxQuestions: limits.questions,
    maxWaiting: limits.waiting,
    minTtlSeconds: ages.minTtl,
    maxTtlSeconds: ages.maxTtl,
    staleAtOnceSeconds: staleAtOnceSeconds(config),
    maxNegativeTtlSeconds: ages.maxNegativeTtl,
    privateNames: config.privateNames.flatMap((name) => parseName(name.toLowerCase()) ?? []),
  };
}

/** Returns how long after its TTL an answer is given at once. */
export function staleAtOnceSeconds({ cache }: DnsConfig): number {
  return Math.min(cache.staleAtOnce, cache.stale);
}

/** Returns what the block lists are made of. */
export function listSources({ config, folder }: ServerSettings): ListSources {
  const { blocklists, allowlists, rules, clients, refresh, blocking } = config;
  const known = new Set(blocklists);
  const ofClients = new Set(
    Object.values(clients).flatMap(({ lists = [] }) => lists.filter((list) => !known.has(list))),
  );
  return {
    blocklists,
    allowlists,
    clientLists: [...ofClients],
    rules,
    folder,
    refreshMs: refresh,
    maxListBytes: blocking.maxListSize,
  };
}
