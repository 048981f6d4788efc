import { QUERY_IDS_PER_MS, type QueryRow } from "../../store/mod.ts";
import { type EntryMemory, type LogEntry, readEntry } from "./entry.ts";
import { TIME_DOUBLE } from "./entry-layout.ts";
import { type LogNames, NO_NAMES, rowOf } from "./log-names.ts";
import { LogRing } from "./log-ring.ts";
import { RecentEntries } from "./recent-entries.ts";
import { Statistics, type StatisticsOptions } from "./statistics.ts";
import { Privacy } from "./verdicts.ts";

export interface QueryLogOptions extends StatisticsOptions {
  /** Threads that answer, beside the main one. */
  readonly threads: number;
  /** What entries may contain. @default {Privacy.showAll} */
  readonly privacy?: Privacy;
  /** Room of each thread's ring. @default {524_288} */
  readonly ringBytes?: number;
  /** The last entries in memory: their bytes, and their number. @default {1_048_576, 16_384} */
  readonly memoryBytes?: number;
  readonly memoryEntries?: number;
  /** How often rings are drained. @default {1000} */
  readonly drainMs?: number;
  /** What the numbers in entries mean. @default {nothing} */
  readonly names?: LogNames;
}

/** Called as entries come and go. */
export interface EntryObserver {
  /** Entries were added. */
  added(): void;
  /** Entries are about to leave the memory, all of them. */
  clearing(): void;
  /** Privacy forbids entries that were made before. */
  forget(): void;
}

const DEFAULTS = { ringBytes: 1 << 19, memoryBytes: 1 << 20, memoryEntries: 1 << 14, drainMs: 1000 };

/** A clock that was set back further starts ids anew. */
const MAX_BACK_MS = 60_000;

/**
 * The query log on the main thread: drains the rings of all threads in the order of time, counts, and keeps the last entries in memory.
 *
 * ```text
 *   ring of a thread ─┐             ┌─► statistics, by hour
 *   ring of a thread ─┼─► drain ────┼─► the last entries ─► search, follow
 *   `ring`, our own  ─┘             └─► observer: rows in the store
 * ```
 */
export class QueryLog {
  /** For what is answered on the main thread. */
  readonly ring: LogRing;
  /** Memory of the other threads' rings. */
  readonly threadRings: readonly SharedArrayBuffer[];
  readonly entries: RecentEntries;
  readonly statistics: Statistics;
  /** @default {nobody} */
  observer: EntryObserver | undefined;
  readonly #rings: readonly LogRing[];
  readonly #timer: ReturnType<typeof setInterval>;
  #privacy: Privacy;
  #lastId = 0;
  /** The names for the entries from a number on, the newest last. */
  readonly #names: { readonly from: number; readonly names: LogNames }[];

  constructor(options: QueryLogOptions) {
    const { threads, privacy = Privacy.showAll, names = NO_NAMES } = options;
    const { ringBytes, memoryBytes, memoryEntries, drainMs } = { ...DEFAULTS, ...options };
    this.#rings = Array.from({ length: threads + 1 }, () => new LogRing(LogRing.make(ringBytes, privacy)));
    this.ring = this.#rings[0]!;
    this.threadRings = this.#rings.slice(1).map(({ buffer }) => buffer);
    this.entries = new RecentEntries(memoryBytes, memoryEntries);
    this.statistics = new Statistics(options);
    this.#names = [{ from: 0, names }];
    this.#privacy = privacy;
    this.#timer = setInterval(() => this.drain(), drainMs);
    this.#timer.unref();
  }

  get privacy(): Privacy {
    return this.#privacy;
  }

  /** What a stricter level forbids is forgotten at once. */
  set privacy(privacy: Privacy) {
    this.drain();
    const isStricter = privacy > this.#privacy;
    this.#privacy = privacy;
    for (const ring of this.#rings) ring.privacy = privacy;
    if (!isStricter) return;
    // A thread may have written an entry since.
    this.drain();
    this.entries.clear();
    this.observer?.forget();
    this.statistics.forget(privacy >= Privacy.hideClients);
  }

  /** Forgets all entries and counts. */
  clear(): void {
    this.drain();
    this.entries.clear();
    this.observer?.forget();
    this.statistics.clear();
  }

  /** The numbers in entries that come from now on have another meaning. */
  set names(names: LogNames) {
    this.drain();
    const { first, count } = this.entries;
    while (this.#names.length > 1 && this.#names[1]!.from <= first) this.#names.shift();
    if (this.#names.at(-1)!.from === count) this.#names.pop();
    this.#names.push({ from: count, names });
  }

  /** Entries that found no room in a ring, since the start. */
  get dropped(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.dropped, 0);
  }

  /** Id of the newest entry. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Takes all entries from the rings. */
  drain(): void {
    for (const ring of this.#rings) ring.beginRead();
    let wasAny = false;
    while (this.#takeRun()) wasAny = true;
    if (wasAny) this.observer?.added();
  }

  /** Takes entries of the ring whose next one is the earliest, until another ring's is earlier. @returns false when there is none */
  #takeRun(): boolean {
    let earliest: LogRing | undefined;
    let at = -1;
    let timeMs = Number.POSITIVE_INFINITY;
    let othersMs = Number.POSITIVE_INFINITY;
    for (const ring of this.#rings) {
      const next = ring.next();
      if (next < 0) continue;
      const nextMs = ring.doubles[(next >>> 3) + TIME_DOUBLE]!;
      if (nextMs < timeMs) {
        othersMs = timeMs;
        earliest = ring;
        at = next;
        timeMs = nextMs;
      } else if (nextMs < othersMs) othersMs = nextMs;
    }
    if (earliest === undefined) return false;
    while (at >= 0 && timeMs <= othersMs) {
      this.#add(earliest, at, timeMs);
      earliest.release(at);
      at = earliest.next();
      if (at >= 0) timeMs = earliest.doubles[(at >>> 3) + TIME_DOUBLE]!;
    }
    return true;
  }

  /** Returns an entry that is kept, by its number. */
  entry(number: number): LogEntry {
    return readEntry(this.entries, this.entries.at(number), this.entries.id(number));
  }

  /** Returns an entry that is kept as it is stored. */
  row(number: number): QueryRow {
    return rowOf(this.entry(number), this.#names.findLast(({ from }) => from <= number)!.names);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.drain();
  }

  #add(from: EntryMemory, at: number, timeMs: number): void {
    this.statistics.add(from, at);
    if (this.#privacy >= Privacy.onlyCounts) return;
    const id = Math.floor(timeMs * QUERY_IDS_PER_MS);
    if (id < this.#lastId - MAX_BACK_MS * QUERY_IDS_PER_MS) {
      // Ids of the memory must grow.
      this.observer?.clearing();
      this.entries.clear();
      this.#lastId = id;
    } else this.#lastId = Math.max(id, this.#lastId + 1);
    this.entries.add(from, at, this.#lastId);
  }
}

/** Returns when an entry was answered. ms since 1970 */
export function timeOfId(id: number): number {
  return Math.floor(id / QUERY_IDS_PER_MS);
}
