import { hashName, nameText } from "../../wire/dns/mod.ts";
import { clientOf, type EntryMemory, verdictAt } from "./entry.ts";
import { IP_AT, IP_BYTES, NAME_AT, NAME_LENGTH_AT, TIME_DOUBLE } from "./entry-layout.ts";
import { type TopCount, TopCounts, topOf } from "./top-counts.ts";
import { LogVerdict, VERDICT_NAMES, type VerdictName } from "./verdicts.ts";

export const HOUR_MS = 3_600_000;

export interface StatisticsOptions {
  /** Hours that are kept. @default {25} */
  readonly hours?: number;
  /** Clients that are counted in each hour. @default {64} */
  readonly countedClients?: number;
  /** Names that are counted in each hour, of those that were blocked and of all others. @default {128} */
  readonly countedNames?: number;
  /** Secret number for the hashes of names and clients. */
  readonly seed: number;
}

/** Counts of one hour, as they are loaded from the store. */
export interface HourCounts {
  /** Hours since 1970. */
  readonly hour: number;
  /** By verdict. */
  readonly verdicts: readonly number[];
  readonly clients: readonly TopCount[];
  readonly blocked: readonly TopCount[];
  readonly allowed: readonly TopCount[];
}

/** What a span of hours looked like. */
export interface Summary {
  /** Start of the first hour, ms since 1970. */
  readonly fromMs: number;
  readonly queries: number;
  /** Share of all queries, 0 to 1. */
  readonly blockedShare: number;
  readonly verdicts: Readonly<Record<VerdictName, number>>;
  readonly hours: readonly { readonly startMs: number; readonly verdicts: Readonly<Record<VerdictName, number>> }[];
  readonly clients: readonly { readonly client: string; readonly queries: number; readonly blocked: number }[];
  readonly blockedClients: readonly { readonly client: string; readonly queries: number; readonly blocked: number }[];
  readonly blockedNames: readonly { readonly name: string; readonly queries: number }[];
  readonly allowedNames: readonly { readonly name: string; readonly queries: number }[];
}

/** One hour. */
class Hour {
  readonly verdicts = new Float64Array(VERDICT_NAMES.length);
  readonly clients: TopCounts;
  readonly blocked: TopCounts;
  readonly allowed: TopCounts;
  readonly number: number;

  constructor(number: number, { countedClients, countedNames, seed }: Required<StatisticsOptions>) {
    this.number = number;
    this.clients = new TopCounts(countedClients, seed);
    this.blocked = new TopCounts(countedNames, seed);
    this.allowed = new TopCounts(countedNames, seed);
  }
}

/** Counts by hour, in bounded memory: verdicts, and the most frequent clients and names. */
export class Statistics {
  readonly #options: Required<StatisticsOptions>;
  /** The oldest first. */
  #hours: Hour[] = [];

  constructor(options: StatisticsOptions) {
    this.#options = { hours: 25, countedClients: 64, countedNames: 128, ...options };
  }

  /** Counts an entry. */
  add(memory: EntryMemory, at: number): void {
    const hour = this.#hourFor(Math.floor(memory.doubles[(at >>> 3) + TIME_DOUBLE]! / HOUR_MS));
    const verdict = verdictAt(memory, at);
    const isBlocked = verdict === LogVerdict.blocked;
    const { bytes } = memory;
    hour.verdicts[verdict]! += 1;
    this.#countClient(hour.clients, memory, at, isBlocked);
    if (bytes[at + NAME_LENGTH_AT] === 0 || verdict === LogVerdict.malformed) return;
    const names = isBlocked ? hour.blocked : hour.allowed;
    const hash = hashName(bytes, at + NAME_AT, this.#options.seed);
    let slot = names.slotOf(hash);
    if (slot < 0) {
      if (!names.admits()) return;
      slot = names.take(hash, nameText(bytes, at + NAME_AT));
    }
    names.add(slot, false);
  }

  /** Adds what was counted before a restart. */
  load(hours: readonly HourCounts[]): void {
    for (const { hour: number, verdicts, ...tops } of hours) {
      const hour = this.#hourOf(number);
      for (const [verdict, count] of verdicts.entries()) hour.verdicts[verdict]! += count;
      for (const kind of ["clients", "blocked", "allowed"] as const) this.#loadTop(hour[kind], tops[kind]);
    }
  }

  /** Forgets names, or names and clients: privacy forbids them now. */
  forget(isClients: boolean): void {
    this.#hours = this.#hours.map((hour) => {
      const next = new Hour(hour.number, this.#options);
      next.verdicts.set(hour.verdicts);
      if (!isClients) this.#loadTop(next.clients, [...hour.clients.all()]);
      return next;
    });
  }

  clear(): void {
    this.#hours = [];
  }

  /** @param hours that end with the current one */
  summary(nowMs: number, hours = 24, limit = 10): Summary {
    const last = Math.floor(nowMs / HOUR_MS);
    const first = last - hours + 1;
    const span = this.#hours.filter(({ number }) => number >= first && number <= last);
    const totals = new Float64Array(VERDICT_NAMES.length);
    for (const { verdicts } of span) for (const [verdict, count] of verdicts.entries()) totals[verdict]! += count;
    const queries = totals.reduce((sum, count) => sum + count, 0);
    const clients = (by: "count" | "marked") =>
      topOf(
        span.map((hour) => hour.clients),
        limit,
        by,
      ).map(({ key, count, marked }) => ({ client: key, queries: count, blocked: marked }));
    const names = (kind: "blocked" | "allowed") =>
      topOf(
        span.map((hour) => hour[kind]),
        limit,
      ).map(({ key, count }) => ({ name: key, queries: count }));
    return {
      fromMs: first * HOUR_MS,
      queries,
      blockedShare: queries === 0 ? 0 : totals[LogVerdict.blocked]! / queries,
      verdicts: byName(totals),
      hours: span.map(({ number, verdicts }) => ({ startMs: number * HOUR_MS, verdicts: byName(verdicts) })),
      clients: clients("count"),
      blockedClients: clients("marked"),
      blockedNames: names("blocked"),
      allowedNames: names("allowed"),
    };
  }

  #countClient(clients: TopCounts, { bytes, words }: EntryMemory, at: number, isBlocked: boolean): void {
    let hash = this.#options.seed;
    for (let word = (at + IP_AT) >>> 2; word < (at + IP_AT + IP_BYTES) >>> 2; word++) {
      hash = Math.imul(hash ^ words[word]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    let slot = clients.slotOf(hash);
    if (slot < 0) {
      const client = clients.admits() ? clientOf(bytes, at + IP_AT) : undefined;
      if (client === undefined) return;
      slot = clients.take(hash, client);
    }
    clients.add(slot, isBlocked);
  }

  /** Returns the hour, or the newest one for an entry from just before it: entries of several threads are not quite in order. */
  #hourFor(number: number): Hour {
    const newest = this.#hours.at(-1);
    if (newest !== undefined && newest.number >= number && newest.number <= number + 1) return newest;
    return this.#hourOf(number);
  }

  #hourOf(number: number): Hour {
    const known = this.#hours.find((hour) => hour.number === number);
    if (known !== undefined) return known;
    const hour = new Hour(number, this.#options);
    this.#hours.push(hour);
    this.#hours.sort((a, b) => a.number - b.number);
    if (this.#hours.length > this.#options.hours) this.#hours.shift();
    return hour;
  }

  /** Keys from text have a hash of their own: the same key that is asked again gets a second slot, and both are added up. */
  #loadTop(into: TopCounts, counts: readonly TopCount[]): void {
    for (const { key, count, marked } of counts) {
      let hash = this.#options.seed ^ 0x5bd1e995;
      for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) ^ (hash >>> 15);
      const slot = into.take(hash, key);
      into.add(slot, false, count - marked);
      into.add(slot, true, marked);
    }
  }
}

function byName(counts: Float64Array): Record<VerdictName, number> {
  return Object.fromEntries(VERDICT_NAMES.map((name, verdict) => [name, counts[verdict]!])) as Record<
    VerdictName,
    number
  >;
}
