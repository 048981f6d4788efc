/** Resolves misses: asks upstreams once for identical questions, cleans their answers and caches them. */
export type { CleanOptions } from "./answer-cleaner.ts";
export { LATENCY_BOUNDS_SECONDS, Latencies } from "./latencies.ts";
export {
  type Answered,
  DEFAULT_BOOTSTRAP,
  type ResolvedBy,
  Resolver,
  type ResolverCounts,
  type ResolverOptions,
} from "./resolver.ts";
export type { ZoneOptions } from "./routes.ts";
export type { HealthOptions, MemberOptions, UpstreamMode, UpstreamSet } from "./upstream-set.ts";
