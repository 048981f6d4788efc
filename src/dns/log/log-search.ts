import type { QueryPage, QueryRow, QuerySearch } from "../../store/mod.ts";
import { QUERY_IDS_PER_MS } from "../../store/mod.ts";
import { verdictAt } from "./entry.ts";
import type { QueryLog } from "./query-log.ts";

/** What is looked for. All of it must hold. */
export interface LogFilter {
  /** Part of the name, in small letters. */
  readonly name?: string | undefined;
  /** Addresses. */
  readonly clients?: readonly string[] | undefined;
  /** Mask of verdicts. */
  readonly verdicts?: number | undefined;
}

export interface LogQuestion extends LogFilter {
  /** ms since 1970 @default {from the oldest to the newest} */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Goes on from the page before. @default {from the newest} */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface LogPage {
  /** The newest first. */
  readonly rows: readonly QueryRow[];
  /** For the next page; undefined where there is nothing older. A page may be short, or empty, and yet not be the last. */
  readonly before: number | undefined;
}

/** What a search needs of the store. */
export interface SearchedStore {
  search(search: QuerySearch): Promise<QueryPage>;
}

/** Entries that are looked at before other work gets its turn. */
const SLICE = 1000;

/** Searches the entries in memory, then those that are only stored. */
export class LogSearch {
  readonly #log: QueryLog;
  readonly #store: SearchedStore | undefined;

  constructor(log: QueryLog, store?: SearchedStore) {
    this.#log = log;
    this.#store = store;
  }

  async search({ fromMs, untilMs, before, limit, ...filter }: LogQuestion): Promise<LogPage> {
    const log = this.#log;
    log.drain();
    const fromId = Math.ceil((fromMs ?? 0) * QUERY_IDS_PER_MS);
    const untilId = untilMs === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(untilMs * QUERY_IDS_PER_MS);
    const beforeId = Math.min(before ?? Number.MAX_SAFE_INTEGER, untilId);
    const rows: QueryRow[] = [];
    let number = log.entries.after(beforeId - 1) - 1;
    let oldestId = beforeId;
    for (let looked = 1; number >= log.entries.first; number--, looked++) {
      oldestId = log.entries.id(number);
      if (oldestId < fromId) return { rows, before: undefined };
      if (this.#matches(number, filter)) rows.push(log.row(number));
      if (rows.length === limit) return { rows, before: oldestId };
      if (looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#store === undefined) return { rows, before: undefined };
    const search = { ...filter, fromId, beforeId: oldestId, limit: limit - rows.length };
    const stored = await this.#store.search(search);
    return { rows: [...rows, ...stored.rows], before: stored.nextId };
  }

  /**
   * Returns the entries after an id, the oldest first.
   *
   * @param limit of many the newest
   * @returns the id to go on from
   */
  since(id: number, filter: LogFilter, limit: number): { rows: QueryRow[]; last: number } {
    const log = this.#log;
    log.drain();
    const { entries } = log;
    const rows: QueryRow[] = [];
    for (let number = entries.count - 1; number >= entries.first && rows.length < limit; number--) {
      if (entries.id(number) <= id) break;
      if (this.#matches(number, filter)) rows.push(log.row(number));
    }
    return { rows: rows.reverse(), last: Math.max(log.lastId, 0) };
  }

  #matches(number: number, { name, clients, verdicts }: LogFilter): boolean {
    const { entries } = this.#log;
    if (verdicts !== undefined && ((verdicts >>> verdictAt(entries, entries.at(number))) & 1) === 0) return false;
    if (name === undefined && clients === undefined) return true;
    const entry = this.#log.entry(number);
    if (clients !== undefined && !(entry.client !== undefined && clients.includes(entry.client))) return false;
    return name === undefined || (entry.name?.includes(name) ?? false);
  }
}
