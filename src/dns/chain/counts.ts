import { countLayout } from "../../base/mod.ts";
import { QUERY_REFUSALS, type QueryRefusal } from "../../wire/dns/mod.ts";
import { TRANSPORT_NAMES } from "../log/mod.ts";

/** Why a well-formed query is refused. A closed set: a metric label. */
export const REFUSAL_REASONS = ["source", "rate", "class", "any", "transfer"] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Why a query is malformed. A closed set: a metric label. */
export const MALFORMED = Object.keys(QUERY_REFUSALS) as QueryRefusal[];

/** Response codes of a header without EDNS. */
export const RCODES = 16;

const LAYOUT = countLayout({
  queries: 1,
  local: 1,
  special: 1,
  blocked: 1,
  /** Answers that led to a blocked name; those from the cache are counted in `blocked` too, fresh ones in `missed`. */
  blockedTargets: 1,
  /** Answered as a rule says: `$dnsrewrite`. */
  rewritten: 1,
  cached: 1,
  /** Answers past their TTL; counted in `cached` too. */
  stale: 1,
  /** Queries that need an upstream. */
  missed: 1,
  truncated: 1,
  refused: REFUSAL_REASONS.length,
  /** Refused queries that got no answer; counted in `refused` too. */
  dropped: 1,
  malformed: MALFORMED.length,
  /** Queries by `Transport`. */
  transports: TRANSPORT_NAMES.length,
  /** Answers by response code. */
  rcodes: RCODES,
});

/** Index of each count in the row of a thread. */
export const ChainCount = LAYOUT.places;
export const CHAIN_COUNTS = LAYOUT.length;

const placeOfMalformed = Object.fromEntries(
  MALFORMED.map((reason, index) => [reason, LAYOUT.places.malformed + index]),
);
const placeOfRefused = Object.fromEntries(
  REFUSAL_REASONS.map((reason, index) => [reason, LAYOUT.places.refused + index]),
);

export function countMalformed(counts: Float64Array, reason: QueryRefusal): void {
  counts[placeOfMalformed[reason]!]! += 1;
}

export function countRefused(counts: Float64Array, reason: RefusalReason): void {
  counts[placeOfRefused[reason]!]! += 1;
}
