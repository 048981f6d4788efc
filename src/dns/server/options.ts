import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pemOption } from "../../listener/mod.ts";
import { parseName } from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";
import { AnswerWriter } from "../answers/mod.ts";
import type { BlockAddresses } from "../chain/mod.ts";
import { type DnsConfig, zoneName } from "../config.ts";
import { Resolver, type ResolverOptions } from "../resolver/mod.ts";
import type { ListSources } from "./block-list-set.ts";
import { CacheFile, type CacheFileOptions } from "./cache-file.ts";
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

/** Returns the addresses that blocked names get in the mode `custom`. */
export function blockAddresses({ blocking }: DnsConfig): BlockAddresses {
  const parsed = blocking.addresses.flatMap((text) => parseIp(text) ?? []);
  return { ipv4: parsed.find(({ length }) => length === 4), ipv6: parsed.find(({ length }) => length === 16) };
}

/** Returns what cached answers depend on. */
export function cacheScope({ zones, privateNames }: DnsConfig): string {
  return JSON.stringify([zones, privateNames]);
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

/** Makes the file that keeps the cache across restarts; undefined without a data folder. */
export function cacheFileOf(
  options: Pick<CacheFileOptions, "log" | "startsFrozen"> & { readonly dataFolder: string | undefined },
  now: () => { readonly config: DnsConfig; readonly answers: AnswerWriter },
): CacheFile | undefined {
  const { dataFolder, log, startsFrozen = false } = options;
  if (dataFolder === undefined) return undefined;
  const cache = () => {
    const { config, answers } = now();
    const { stale: staleSeconds, persist: isKept } = config.cache;
    return { answers, staleSeconds, isKept, scope: cacheScope(config) };
  };
  return new CacheFile({ path: join(dataFolder, "dns-cache"), cache, log, startsFrozen });
}

/** Makes the cache. */
export function newCache({ cache }: DnsConfig): AnswerWriter {
  return new AnswerWriter(new SharedArrayBuffer(cache.size), {
    seed: randomBytes(4).readInt32LE(),
    staleSeconds: cache.stale,
  });
}

/** Makes the resolver. @throws {TenkError} `invalid-option` */
export function newResolver(
  settings: ServerSettings,
  cache: AnswerWriter,
  probeQuestion: NonNullable<ResolverOptions["probeQuestion"]>,
): Resolver {
  return new Resolver({ ...resolverOptions(settings, cache), probeQuestion });
}
