import { countLayout } from "../base/mod.ts";
import { HTTP2_REJECTIONS, OUTCOMES, type Outcome } from "../http/mod.ts";
import { HTTP1_REFUSALS, NAMED_STATUSES } from "../wire/http1/mod.ts";
import { REJECTIONS, type Rejection } from "./guard/mod.ts";

/** Methods that are counted apart; all others are `other`. In the order of their ids in `wire/http1`. */
export const METHODS = [
  "other",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
] as const;
/** Of a status. `none`: the request ended without an answer. */
export const STATUS_CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;
/** Statuses that are counted apart; those without a name of their own are counted by their class. */
export const STATUSES: readonly string[] = [...STATUS_CLASSES, ...NAMED_STATUSES.map(String)];
/** Upper bounds in seconds, those that Caddy and Prometheus use. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A count for each bound and one above, then the sum in seconds. */
const HISTOGRAM_SLOTS = DURATION_BOUNDS_SECONDS.length + 2;

/** The counters of one service on one event loop. */
const COUNTERS = countLayout({
  requests: METHODS.length * STATUS_CLASSES.length,
  outcomes: OUTCOMES.length,
  rejections: REJECTIONS.length,
  retries: 1,
  logLinesDropped: 1,
  tunnels: 1,
  requestHeadBytes: 1,
  requestBodyBytes: 1,
  responseHeadBytes: 1,
  responseBodyBytes: 1,
  durations: HISTOGRAM_SLOTS,
  firstBytes: HISTOGRAM_SLOTS,
  statuses: STATUSES.length,
});

export const Place = COUNTERS.places;

/** Services that are counted apart. Slot 0 is for everything else: own pages, unknown names, and services beyond these. */
export const MAX_SLOTS = 256;

/** Why a client's bytes were no request, by protocol. What has no name of its own is `other`. */
export const BROKEN_RULES = {
  "http/1": [...Object.keys(HTTP1_REFUSALS), "head-timeout", "other"],
  "http/2": HTTP2_REJECTIONS,
} as const;
const BROKEN_RULES_AT = MAX_SLOTS * COUNTERS.length;
const places = new Map(
  [...BROKEN_RULES["http/1"], ...BROKEN_RULES["http/2"].map((reason) => `2 ${reason}`)].map((reason, index) => [
    reason,
    BROKEN_RULES_AT + index,
  ]),
);

/** Where a broken rule is counted. */
export function brokenRuleAt(protocol: keyof typeof BROKEN_RULES, reason: string): number {
  return places.get(protocol === "http/2" ? `2 ${reason}` : reason) ?? places.get("other")!;
}

/**
 * What `listen` reserves for each event loop: counters of all slots and of broken rules, then two gauges a slot: requests in
 * progress, and how long recent answers took to begin.
 */
export const PROXY_COUNTS = { counters: BROKEN_RULES_AT + places.size, gauges: 2 * MAX_SLOTS } as const;

/** Where the counters of a slot begin in a row. */
export function slotStart(slot: number): number {
  return slot * COUNTERS.length;
}

/** Where its requests in progress are counted. */
export function inProgressAt(slot: number): number {
  return PROXY_COUNTS.counters + slot;
}

/** Where the recent time to the head of an answer is kept, in seconds; 0 before the first. */
export function recentLatencyAt(slot: number): number {
  return PROXY_COUNTS.counters + MAX_SLOTS + slot;
}

/** The weight of a request in the recent latency: about the last twenty count. */
export const LATENCY_WEIGHT = 0.05;

/** @param method an id of `wire/http1` */
export function requestsAt(slot: number, method: number, status: number): number {
  const known = method < METHODS.length ? method : 0;
  return slotStart(slot) + Place.requests + known * STATUS_CLASSES.length + statusClass(status);
}

function statusClass(status: number): number {
  return status >= 100 && status < 600 ? Math.floor(status / 100) : 0;
}

/** By status, an index into `STATUSES`. */
const statusIndex = Uint8Array.from({ length: 600 }, (_, status) => statusClass(status));
for (const [index, status] of NAMED_STATUSES.entries()) statusIndex[status] = STATUS_CLASSES.length + index;

export function statusAt(slot: number, status: number): number {
  return slotStart(slot) + Place.statuses + (statusIndex[status] ?? 0);
}

const outcomeIndex = Object.fromEntries(OUTCOMES.map((outcome, index) => [outcome, index])) as Record<Outcome, number>;

export function outcomeAt(slot: number, outcome: Outcome): number {
  return slotStart(slot) + Place.outcomes + outcomeIndex[outcome];
}

const rejectionIndex = Object.fromEntries(REJECTIONS.map((reason, index) => [reason, index])) as Record<
  Rejection,
  number
>;

export function rejectionAt(slot: number, reason: Rejection): number {
  return slotStart(slot) + Place.rejections + rejectionIndex[reason];
}

/** Adds a duration to the histogram at `place` of a slot. */
export function observe(row: Float64Array, slot: number, place: number, seconds: number): void {
  const start = slotStart(slot) + place;
  let bucket = 0;
  while (bucket < DURATION_BOUNDS_SECONDS.length && seconds > DURATION_BOUNDS_SECONDS[bucket]!) bucket += 1;
  row[start + bucket]! += 1;
  row[start + HISTOGRAM_SLOTS - 1]! += seconds;
}

/** Gives each service a slot for as long as the process runs, so that its counters never go back. */
export class Slots {
  readonly #slots = new Map<string, number>();

  /** Returns the slots of services by name. */
  of(names: readonly string[]): Readonly<Record<string, number>> {
    for (const name of names) {
      if (!this.#slots.has(name) && this.#slots.size + 1 < MAX_SLOTS) this.#slots.set(name, this.#slots.size + 1);
    }
    return Object.fromEntries(names.map((name) => [name, this.#slots.get(name) ?? 0]));
  }

  /** Every name that has or had a slot. */
  entries(): IterableIterator<[string, number]> {
    return this.#slots.entries();
  }
}
