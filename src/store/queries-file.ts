import { Database, type SQLQueryBindings } from "bun:sqlite";
import { fittingSize } from "../limits/mod.ts";
import { DayTexts, TEXTS_A_DAY } from "./day-texts.ts";
import { numberOf, prepareSchema, QUERIES_TABLES, QUERIES_VERSION } from "./schema.ts";
import {
  QUERY_IDS_PER_MS,
  type QueryCount,
  type QueryHour,
  type QueryLimits,
  type QueryPage,
  type QueryRow,
  type QuerySearch,
} from "./types.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOUR_IDS = HOUR_MS * QUERY_IDS_PER_MS;
const DAY_IDS = DAY_MS * QUERY_IDS_PER_MS;
/** Rows that one search looks at: some tenths of a second on a small box. The caller goes on from there. */
const MAX_SCANNED = 50_000;
/** The most frequent names and clients of an hour that are counted. */
const MAX_COUNTED = 128;
const PAGE_BYTES = 4096;
/** Smaller files are not rewritten: 2 MiB. */
const MIN_FREE_PAGES = 512;

/** A text of a row, found by the row's day. */
const textOf = (column: string) =>
  `(SELECT text FROM texts WHERE id = q.id / ${DAY_IDS} * ${TEXTS_A_DAY} + q.${column})`;

type Values = readonly [number, ...(string | number | null)[]];

/**
 * DNS queries in one SQLite file. All methods throw SQLite's errors; {@link DatabaseGuard} handles them.
 *
 * Made to write little: rows and texts are only appended and deleted by whole hours, and nothing has an index. The log is synced when
 * it is copied into the file (`synchronous = NORMAL`), so that a power failure costs the last minutes, never the file.
 */
export class QueriesFile {
  readonly #database: Database;
  readonly #texts: DayTexts;

  constructor(path: string) {
    this.#database = new Database(path, { create: true, strict: true });
    try {
      this.#database.run("PRAGMA locking_mode = EXCLUSIVE");
      this.#database.run("PRAGMA journal_mode = WAL");
      this.#database.run("PRAGMA synchronous = NORMAL");
      this.#database.run("PRAGMA wal_autocheckpoint = 1000");
      this.#database.run(`PRAGMA cache_size = -${fittingSize(1024)}`);
      prepareSchema(this.#database, QUERIES_VERSION, QUERIES_TABLES);
      this.#texts = new DayTexts(this.#database);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Adds rows, and deletes what is older or more than the limits allow, in one transaction. */
  write(rows: readonly QueryRow[], limits: QueryLimits): void {
    const newest = rows.at(-1);
    if (newest === undefined) return;
    try {
      this.#database
        .transaction(() => {
          this.#forget(newest.id, limits);
          for (const row of rows) this.#add(row);
        })
        .immediate();
    } catch (error) {
      this.#texts.reload();
      throw error;
    }
    this.#shrink();
  }

  search({ fromId, beforeId, limit, name, clients, verdicts }: QuerySearch): QueryPage {
    const lowest = this.#database
      .query("SELECT id FROM queries WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET ?")
      .values(beforeId, fromId, MAX_SCANNED - 1)[0]?.[0] as number | undefined;
    const conditions = ["q.id < ?", "q.id >= ?"];
    const values: SQLQueryBindings[] = [beforeId, lowest ?? fromId];
    if (verdicts !== undefined) {
      conditions.push("(1 << verdict) & ? != 0");
      values.push(verdicts);
    }
    if (name !== undefined) {
      conditions.push(`instr(${textOf("name")}, ?) > 0`);
      values.push(name);
    }
    if (clients !== undefined) {
      conditions.push(`${textOf("client")} IN (${clients.map(() => "?").join()})`);
      values.push(...clients);
    }
    const texts = ["name", "client", "upstream", "lists", "rule"].map(textOf).join();
    const rows = this.#database
      .query(
        `SELECT id, type, verdict, rcode, transport, is_stale, latency_us, labels, ${texts} FROM queries q
         WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`,
      )
      .values(...values, limit) as unknown as Values[];
    const page = rows.map(rowOf);
    return { rows: page, nextId: page.length === limit ? page.at(-1)?.id : lowest };
  }

  /** Counts the queries from a time on, by hour. @param marked the verdict whose names are counted apart */
  hours(fromMs: number, marked: number): QueryHour[] {
    const fromHour = Math.floor(fromMs / HOUR_MS);
    const hours = new Map<number, { hour: number; verdicts: number[]; rest: Omit<QueryHour, "hour" | "verdicts"> }>();
    const verdicts = this.#database
      .query(`SELECT id / ${HOUR_IDS}, verdict, count(*) FROM queries WHERE id >= ? GROUP BY 1, 2`)
      .values(fromHour * HOUR_IDS) as [number, number, number][];
    for (const [hour, verdict, count] of verdicts) {
      const known = hours.get(hour) ?? { hour, verdicts: [], rest: this.#countsOf(hour, marked) };
      for (let missing = known.verdicts.length; missing < verdict; missing++) known.verdicts.push(0);
      known.verdicts[verdict] = count;
      hours.set(hour, known);
    }
    return [...hours.values()].map(({ hour, verdicts: counts, rest }) => ({ hour, verdicts: counts, ...rest }));
  }

  clear(): void {
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM queries");
      this.#database.run("DELETE FROM texts");
    })();
    this.#texts.reload();
    this.#database.run("VACUUM");
    this.#database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#database.close();
  }

  #countsOf(hour: number, marked: number): Omit<QueryHour, "hour" | "verdicts"> {
    const counts = (column: string, condition: string): QueryCount[] => {
      const rows = this.#database
        .query(
          `SELECT ${textOf("key")}, n, m FROM (SELECT min(id) AS id, ${column} AS key, count(*) AS n, sum(verdict = ?) AS m
           FROM queries WHERE id >= ? AND id < ? AND ${column} IS NOT NULL AND ${condition}
           GROUP BY ${column} ORDER BY n DESC LIMIT ?) q`,
        )
        .values(marked, hour * HOUR_IDS, (hour + 1) * HOUR_IDS, MAX_COUNTED) as [string | null, number, number][];
      return rows.flatMap(([key, count, own]) => (key === null ? [] : [{ key, count, marked: own }]));
    };
    return {
      clients: counts("client", "true"),
      marked: counts("name", `verdict = ${Number(marked)}`),
      others: counts("name", `verdict != ${Number(marked)}`),
    };
  }

  #add(row: QueryRow): void {
    const day = Math.floor(row.id / DAY_IDS);
    const number = (text: string | null) => this.#texts.numberOf(day, text);
    this.#database
      .query("INSERT OR REPLACE INTO queries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(
        row.id,
        number(row.name),
        number(row.client),
        row.type,
        row.verdict,
        row.rcode,
        row.transport,
        row.isStale ? 1 : 0,
        row.latencyUs,
        number(row.upstream),
        number(row.lists),
        row.labels,
        number(row.rule),
      );
  }

  /** Deletes whole hours, since each deletion writes the pages at its edge, and what is from a future that a wrong clock made. */
  #forget(newestId: number, { keepMs, maxBytes }: QueryLimits): void {
    this.#deleteBefore(Math.floor((newestId - keepMs * QUERY_IDS_PER_MS) / HOUR_IDS) * HOUR_IDS);
    for (let bytes = this.#usedBytes(); bytes > maxBytes; ) {
      const first = this.#database.query("SELECT min(id) FROM queries").values()[0]?.[0];
      if (first === null || first === undefined) break;
      this.#deleteBefore((Math.floor(Number(first) / HOUR_IDS) + 1) * HOUR_IDS);
      const left = this.#usedBytes();
      if (left >= bytes) break;
      bytes = left;
    }
    this.#database.query("DELETE FROM queries WHERE id > ?").run(newestId + DAY_IDS);
  }

  #deleteBefore(id: number): void {
    const { changes } = this.#database.query("DELETE FROM queries WHERE id < ?").run(id);
    if (changes > 0) this.#database.query("DELETE FROM texts WHERE id < ?").run(Math.floor(id / DAY_IDS) * TEXTS_A_DAY);
  }

  /** Returns space to the disk after the limits were lowered. It rewrites the file, so it runs only if most of the file is free. */
  #shrink(): void {
    const free = numberOf(this.#database, "PRAGMA freelist_count");
    if (free > MIN_FREE_PAGES && free * 4 > numberOf(this.#database, "PRAGMA page_count") * 3)
      this.#database.run("VACUUM");
  }

  #usedBytes(): number {
    const pages = numberOf(this.#database, "PRAGMA page_count") - numberOf(this.#database, "PRAGMA freelist_count");
    return pages * PAGE_BYTES;
  }
}

function rowOf(values: Values): QueryRow {
  const [id, type, verdict, rcode, transport, isStale, latencyUs, labels, name, client, upstream, lists, rule] = values;
  const text = (value: string | number | null | undefined) => (typeof value === "string" ? value : null);
  return {
    id,
    name: text(name),
    client: text(client),
    type: Number(type),
    verdict: Number(verdict),
    rcode: Number(rcode),
    transport: Number(transport),
    isStale: isStale === 1,
    latencyUs: Number(latencyUs),
    upstream: text(upstream),
    lists: text(lists),
    labels: Number(labels),
    rule: text(rule),
  };
}
