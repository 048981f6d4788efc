import type { QueryLimits, QueryRow } from "../../store/mod.ts";
import type { EntryObserver, QueryLog } from "./query-log.ts";

/** The part of the store that keeps queries. */
export interface QueryStore {
  add(rows: readonly QueryRow[], limits: QueryLimits, insist?: boolean): Promise<boolean>;
}

export interface LogStoreOptions extends QueryLimits {
  /** How often entries are written. Each time writes a few pages of 4 KiB, however few entries there are. @default {300_000} */
  readonly flushMs?: number;
  /** Further entries of an hour are not written, so that a flood does not wear out a memory card. @default {50_000} */
  readonly maxRowsPerHour?: number;
}

const DEFAULTS = { flushMs: 300_000, maxRowsPerHour: 50_000 };
const HOUR_MS = 3_600_000;
/** Entries that are turned into rows before other work gets its turn. */
const SLICE = 500;
/** A flood fills the memory within a second: even then entries are written at most so many times in `flushMs`. */
const MAX_FLUSHES = 10;
/** Of the entries of an hour so many may be written at once. */
const BURST_SHARE = 1 / 6;

/** Writes the log's entries into the store, many at a time. */
export class LogStore implements EntryObserver {
  /** Entries that were not written: too many in an hour, or they had left the memory before. */
  unstored = 0;
  /** When the budget began to be counted, and what is left of it. */
  #budgetAtMs: number;
  #budget: number;
  options: LogStoreOptions & typeof DEFAULTS;
  readonly #log: QueryLog;
  readonly #store: QueryStore;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval>;
  /** Number of the next entry to be written. */
  #next: number;
  /** Rows of entries that left the memory. */
  #carried: QueryRow[] = [];
  /** Rows that were made before are not written. */
  #generation = 0;
  #flushedAtMs: number;
  #writing: Promise<void> = Promise.resolve();

  /** @param now a monotonic clock in ms */
  constructor(log: QueryLog, store: QueryStore, options: LogStoreOptions, now = () => performance.now()) {
    this.options = { ...DEFAULTS, ...options };
    this.#log = log;
    this.#store = store;
    this.#now = now;
    this.#budget = this.#burst;
    this.#budgetAtMs = now();
    this.#flushedAtMs = now();
    this.#next = log.entries.first;
    this.#timer = this.#newTimer();
  }

  /** Takes over other options. */
  change(options: LogStoreOptions): void {
    this.options = { ...DEFAULTS, ...options };
    clearInterval(this.#timer);
    this.#timer = this.#newTimer();
  }

  added(): void {
    const { entries } = this.#log;
    const waiting = entries.count - Math.max(this.#next, entries.first);
    // Before long the oldest that is not written would be overwritten.
    if (!entries.isFull || waiting * 2 < entries.count - entries.first) return;
    if (this.#now() - this.#flushedAtMs >= this.options.flushMs / MAX_FLUSHES) void this.flush();
  }

  clearing(): void {
    this.#carried.push(...this.#rows(this.#log.entries.count));
    this.#next = this.#log.entries.count;
    void this.flush();
  }

  /** Entries that privacy forbids now must not be written. */
  forget(): void {
    this.#generation += 1;
    this.#carried = [];
    this.#next = this.#log.entries.count;
  }

  /** Writes what is in memory only. @param insist also shortly after a failure */
  flush(insist = false): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(insist));
    return this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#log.drain();
    await this.flush(true);
  }

  async #write(insist: boolean): Promise<void> {
    const generation = this.#generation;
    const [begin, end] = [this.#next, this.#log.entries.count];
    const allowed = this.#allowed();
    this.#flushedAtMs = this.#now();
    const carried = this.#carried.length;
    const rows = this.#carried.slice(0, allowed);
    for (let from = begin; from < end && rows.length < allowed; from += SLICE) {
      rows.push(...this.#rows(Math.min(end, from + SLICE, from + allowed - rows.length), from));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (generation !== this.#generation) return;
    if (rows.length > 0 && !(await this.#store.add(rows, this.options, insist))) return;
    if (generation !== this.#generation) return;
    this.unstored += carried + end - begin - rows.length;
    this.#budget -= rows.length;
    this.#carried.splice(0, carried);
    this.#next = Math.max(this.#next, end);
  }

  #rows(end: number, from = this.#next): QueryRow[] {
    const rows: QueryRow[] = [];
    for (let number = Math.max(from, this.#log.entries.first); number < end; number++) rows.push(this.#log.row(number));
    return rows;
  }

  get #burst(): number {
    return Math.ceil(this.options.maxRowsPerHour * BURST_SHARE);
  }

  #allowed(): number {
    const { maxRowsPerHour } = this.options;
    const nowMs = this.#now();
    const earned = ((nowMs - this.#budgetAtMs) / HOUR_MS) * maxRowsPerHour;
    this.#budget = Math.min(this.#burst, this.#budget + earned);
    this.#budgetAtMs = nowMs;
    return Math.floor(this.#budget);
  }

  #newTimer(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      this.#log.drain();
      void this.flush();
    }, this.options.flushMs);
    timer.unref();
    return timer;
  }
}
