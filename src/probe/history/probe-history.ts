import type { Mark } from "../../part/mod.ts";
import type { Store } from "../../store/mod.ts";
import type { State } from "../health/mod.ts";
import { HistoryClock } from "./history-clock.ts";
import { HistoryWriter } from "./history-writer.ts";
import { type LocalDay, localDay } from "./local-days.ts";
import { ServiceRecord } from "./service-record.ts";
import { stateMarks } from "./state-marks.ts";

export interface ProbeHistoryOptions {
  /** @default {all in memory} */
  readonly store?: Pick<Store, "services"> | undefined;
  /** How long changes and days are kept. @default {90} */
  readonly keepDays?: number;
  /** Changes of one service that are kept. @default {500} */
  readonly maxChanges?: number;
  /** Services that are kept, with those that are no longer declared. @default {1000} */
  readonly maxServices?: number;
  /** From one write to the next, where nothing changes: so much is unknown after a power failure. @default {600_000} */
  readonly writeEveryMs?: number;
  readonly nowMs?: () => number;
  /** A clock that does not jump. */
  readonly elapsedMs?: () => number;
}

/** A probed service as its history follows it. */
export interface FollowedService {
  readonly name: string;
  readonly state: State;
  /** Why it is not up, in words. */
  readonly reason: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What is known of all services over time: changes of state, and the time in each state by hours and days. Only time in which tenk ran
 * counts, so that a box that was off has gaps. Time is added in steps, and a change is a row: no probe writes anything.
 *
 * ```text
 *   follow, every 10 s and at each change ─► records ─┬─► uptime, bars
 *                                                     └─► store, every 10 minutes and 2 s after a change
 * ```
 */
export class ProbeHistory {
  readonly #options: Required<Omit<ProbeHistoryOptions, "store">>;
  readonly #clock = new HistoryClock();
  readonly #records = new Map<string, ServiceRecord>();
  readonly #writer: HistoryWriter | undefined;
  #day: LocalDay | undefined;
  #forgottenHour = -1;

  constructor({ store, ...options }: ProbeHistoryOptions = {}) {
    this.#options = {
      keepDays: 90,
      maxChanges: 500,
      maxServices: 1000,
      writeEveryMs: 600_000,
      nowMs: Date.now,
      elapsedMs: () => performance.now(),
      ...options,
    };
    this.#writer = store && new HistoryWriter(store, this.#options);
  }

  /** Reads what earlier runs have written. Resolves also where the disk fails. */
  async load(): Promise<void> {
    const kept = await this.#writer?.load();
    if (kept === undefined) return;
    // What a later clock wrote is not known to be wrong yet.
    this.#clock.resume(Math.max(this.#clock.untilMs, kept.aliveMs));
    for (const service of kept.services) this.#writer!.restore(this.record(service.name), service);
  }

  /** Returns the record of a service, whose earlier time it has if it is declared again. */
  record(name: string): ServiceRecord {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const record = new ServiceRecord(name, this.#options.maxChanges);
    this.#records.set(name, record);
    return record;
  }

  /** Returns the changes of state in a stretch of time, for charts to mark. */
  marks(fromMs: number, toMs: number): Mark[] {
    return stateMarks(this.#records.values(), fromMs, toMs);
  }

  /** Gives a service the history that it had under another name, unless it has one of its own. */
  rename(from: string, to: string): void {
    const record = this.#records.get(from);
    if (record === undefined || (this.#records.get(to)?.state ?? "pending") !== "pending") return;
    this.#records.delete(from);
    record.name = to;
    this.#records.set(to, record);
    this.#writer?.renamed(from, to);
  }

  get nowMs(): number {
    return this.#options.nowMs();
  }

  get today(): LocalDay {
    return this.#dayOf(this.#options.nowMs());
  }

  /** Adds the time since the last call, then records the services whose state is another. */
  follow(services: readonly FollowedService[]): void {
    const nowMs = this.#options.nowMs();
    const elapsedMs = this.#options.elapsedMs();
    const step = this.#clock.step(nowMs, elapsedMs);
    if (step.kind === "ran") this.#spend(services, step.fromMs, step.untilMs);
    if (step.kind === "rewound") this.#rewind(step.untilMs);
    for (const { name, state, reason } of services) {
      const record = this.record(name);
      if (record.state === state || state === "pending") continue;
      const change = record.change(state, Math.max(nowMs, this.#clock.untilMs), reason);
      this.#writer?.changed(name, change, elapsedMs);
    }
    this.#forget(services, nowMs, elapsedMs);
    this.#writer?.tick(this.#clock.untilMs, elapsedMs, this.#records, this.#dayOf(nowMs).day);
  }

  /** Writes what is not written yet. It may go on. */
  async flush(services: readonly FollowedService[]): Promise<void> {
    this.follow(services);
    await this.#writer?.flush(this.#clock.untilMs, this.#records, this.today.day);
  }

  #spend(services: readonly FollowedService[], fromMs: number, untilMs: number): void {
    for (let atMs = fromMs; atMs < untilMs; ) {
      const hour = Math.floor(atMs / HOUR_MS);
      const day = this.#dayOf(atMs);
      const endMs = Math.min(untilMs, (hour + 1) * HOUR_MS, day.untilMs);
      for (const { name } of services) this.#records.get(name)?.spend(endMs - atMs, hour, day.day);
      atMs = endMs;
    }
  }

  #rewind(nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    const { day } = this.#dayOf(nowMs);
    for (const record of this.#records.values()) {
      record.hours.forgetAfter(hour);
      record.days.forgetAfter(day);
      record.forget(0, nowMs);
    }
    this.#writer?.rewound({ afterMs: nowMs, hour, day });
  }

  /** Once an hour, if the clock can be believed. */
  #forget(services: readonly FollowedService[], nowMs: number, elapsedMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour === this.#forgottenHour || !this.#clock.isSteady(elapsedMs)) return;
    this.#forgottenHour = hour;
    const { keepDays, maxServices } = this.#options;
    const beforeMs = nowMs - keepDays * DAY_MS;
    const { day } = this.#dayOf(nowMs);
    const declared = new Set(services.map(({ name }) => name));
    const others = [...this.#records.values()].filter(({ name }) => !declared.has(name));
    // The longest gone are first.
    others.sort((a, b) => (a.days.newest ?? 0) - (b.days.newest ?? 0));
    const surplus = this.#records.size - maxServices;
    const removed = others.filter(({ days }, at) => at < surplus || (days.newest ?? 0) <= day - keepDays);
    for (const { name } of removed) this.#records.delete(name);
    for (const record of this.#records.values()) record.forget(beforeMs, Number.POSITIVE_INFINITY);
    const forget = { beforeMs, hour: hour - 180, day: day - keepDays, services: removed.map(({ name }) => name) };
    this.#writer?.forgotten(forget);
  }

  #dayOf(atMs: number): LocalDay {
    if (this.#day === undefined || atMs < this.#day.fromMs || atMs >= this.#day.untilMs) this.#day = localDay(atMs);
    return this.#day;
  }
}
