import type { JsonRoutes } from "../../part/mod.ts";
import type { Store } from "../../store/mod.ts";
import type { LogNames } from "./log-names.ts";
import { logResolved, type ResolvedQuery } from "./log-resolved.ts";
import { type ClientNaming, logRoutes } from "./log-routes.ts";
import { LogSearch } from "./log-search.ts";
import { LogStore, type LogStoreOptions } from "./log-store.ts";
import { QueryLog } from "./query-log.ts";
import { HOUR_MS } from "./statistics.ts";
import { LogVerdict, Privacy } from "./verdicts.ts";

/** Settings that may change while it runs. */
export interface LogSettings extends LogStoreOptions {
  readonly privacy: Privacy;
}

export interface LogServiceOptions {
  /** Threads that answer, beside the main one. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** Secret number for hashes. */
  readonly seed: number;
  readonly names: LogNames;
  readonly clients: ClientNaming;
  /** @default {nothing is stored} */
  readonly store?: Pick<Store, "queries"> | undefined;
  /** Another process still writes to the store: `thaw` follows. @default {false} */
  readonly startsFrozen?: boolean | undefined;
}

/** What the log did, since the start. */
export interface LogCounts {
  /** Entries. */
  readonly entries: number;
  /** Entries that found no room in the ring of their thread. */
  readonly dropped: number;
  /** Entries that were left out of the store: too many in an hour. */
  readonly unstored: number;
}

/** Entries are at least so long: more never fit. */
const LEAST_ENTRY_BYTES = 56;
/** Hours of the store that are counted at the start. */
const LOADED_HOURS = 24;

/** The query log with all that belongs to it: memory, store, routes. */
export class LogService {
  readonly log: QueryLog;
  readonly routes: JsonRoutes;
  readonly #stored: LogStore | undefined;
  readonly #queries: Store["queries"] | undefined;
  #isLoaded = false;

  constructor(settings: LogSettings, options: LogServiceOptions) {
    const { threads, memoryBytes, seed, names, clients, store, startsFrozen = false } = options;
    const memoryEntries = Math.ceil(memoryBytes / LEAST_ENTRY_BYTES);
    // Entries lie at multiples of 8.
    const usedBytes = Math.floor(memoryBytes / 8) * 8;
    this.log = new QueryLog({ threads, privacy: settings.privacy, memoryBytes: usedBytes, memoryEntries, seed, names });
    const queries = store?.queries;
    this.#stored = queries && new LogStore(this.log, queries, settings);
    this.log.observer = this.#stored;
    this.routes = logRoutes({
      log: this.log,
      search: new LogSearch(this.log, queries),
      clients,
      ...(queries && { clear: () => queries.clear() }),
    });
    this.#queries = queries;
    if (!startsFrozen) this.thaw();
  }

  /** Rings of all threads, the main one's last. */
  get rings(): readonly SharedArrayBuffer[] {
    return [...this.log.threadRings, this.log.ring.buffer];
  }

  get counts(): LogCounts {
    const { entries, dropped } = this.log;
    return { entries: entries.count, dropped, unstored: this.#stored?.unstored ?? 0 };
  }

  /** Writes a query that was answered later than at once. */
  resolved(query: ResolvedQuery): void {
    logResolved(this.log.ring, query);
  }

  change(settings: LogSettings): void {
    this.log.privacy = settings.privacy;
    this.#stored?.change(settings);
  }

  /** Writes what is in memory only. */
  async freeze(): Promise<void> {
    this.log.drain();
    await this.#stored?.flush(true);
  }

  /** After a frozen start: counts what the process before has written. */
  thaw(): void {
    const queries = this.#queries;
    if (this.#isLoaded || queries === undefined || this.log.privacy >= Privacy.nothing) return;
    this.#isLoaded = true;
    void this.#loadCounts(queries);
  }

  async stop(): Promise<void> {
    this.log.stop();
    await this.#stored?.stop();
  }

  /** Counts the last day again after a restart, as far as privacy allows. */
  async #loadCounts(queries: Store["queries"]): Promise<void> {
    const hours = await queries.hours(Date.now() - LOADED_HOURS * HOUR_MS, LogVerdict.blocked);
    const { privacy } = this.log;
    const shown = <Counts>(counts: readonly Counts[], hidingLevel: Privacy) => (privacy < hidingLevel ? counts : []);
    this.log.statistics.load(
      hours.map(({ hour, verdicts, clients, marked, others }) => ({
        hour,
        verdicts,
        clients: shown(clients, Privacy.hideClients),
        blocked: shown(marked, Privacy.hideNames),
        allowed: shown(others, Privacy.hideNames),
      })),
    );
  }
}
