/** What a miss leads to: upstreams are asked, once for all that have the same question, and what they say is cleaned and kept. */
export type { CleanOptions } from "./answer-cleaner.ts";
export { type Answered, Resolver, type ResolverCounts, type ResolverOptions } from "./resolver.ts";
export type { HealthOptions, MemberOptions, UpstreamMode } from "./upstream-set.ts";
