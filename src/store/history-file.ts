import { Database, type Statement } from "bun:sqlite";
import { TimeGrid } from "../base/mod.ts";
import { fittingSize } from "../limits/mod.ts";
import { blockOf, FINEST, LEVELS, type Level, levelFor, ROW_SERIES, ROWS_LIMIT } from "./levels.ts";
import { memberOf, membersOf, packMembers } from "./members.ts";
import { decodePoints, encodePoints } from "./points.ts";
import { RollUp } from "./roll-up.ts";
import { CorruptFileError, HISTORY_TABLES, HISTORY_VERSION, numberOf, prepareSchema } from "./schema.ts";
import { SeriesTable } from "./series-table.ts";
import type { HistoryBlock, HistoryQuery, HistorySeries, SeriesName } from "./types.ts";

/** When more than a quarter of a file is free, every write shrinks it a little. */
const FREE_PAGES = 1024;
const VACUUM_PAGES = 256;
/** Old blocks deleted for each new one, at most: a clock that is wrong for a while costs little. */
const DELETES_PER_BLOCK = 2;

interface Row {
  readonly id: number;
  /** Bytes, unless the file is corrupt: see {@link pointsOf}. */
  readonly points: Uint8Array;
}

/** A series to read, and the grid that collects its points. */
interface Selected {
  readonly series: { readonly id: number };
  readonly grid: TimeGrid;
}

/** The statements of one level's table. */
interface Table {
  readonly put: Statement<void, [number, Uint8Array]>;
  readonly get: Statement<Row, [number]>;
  readonly range: Statement<Row, [number, number]>;
  readonly first: Statement<{ id: number | null }, []>;
  readonly last: Statement<{ id: number | null }, []>;
  readonly remove: Statement<void, [number]>;
}

/**
 * The history in one SQLite file. All methods throw SQLite's errors; {@link DatabaseGuard} handles them.
 *
 * A page is written about twice: to the write-ahead log with each batch (which is synced, so that power may fail), and to its
 * place when the log has grown to a thousand pages. The lock is held while the file is open. That avoids the shared index of
 * the log, which would be rewritten with each batch, and keeps a second instance from mixing its history into ours.
 */
export class HistoryFile {
  readonly #database: Database;
  readonly #tables: readonly Table[];
  readonly #series: SeriesTable;

  /**
   * @param syncs false lets the system decide when to write: for tests that simulate months @default {true}
   * @param onFull called for each series that is left out at the limit
   */
  constructor(path: string, syncs = true, onFull: () => void = () => {}) {
    this.#database = new Database(path, { create: true, strict: true });
    try {
      this.#database.run("PRAGMA auto_vacuum = INCREMENTAL");
      this.#database.run("PRAGMA locking_mode = EXCLUSIVE");
      this.#database.run("PRAGMA journal_mode = WAL");
      this.#database.run(`PRAGMA synchronous = ${syncs ? "FULL" : "OFF"}`);
      this.#database.run("PRAGMA wal_autocheckpoint = 1000");
      this.#database.run(`PRAGMA cache_size = -${fittingSize(2048)}`);
      prepareSchema(this.#database, HISTORY_VERSION, HISTORY_TABLES);
      this.#tables = LEVELS.map((level) => tableOf(this.#database, level));
      this.#series = new SeriesTable(this.#database, onFull);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Rolls up finished blocks, deletes old ones and adds the new ones, in one transaction. The finest level is deleted an hour
   * at a time, since each deletion rewrites the pages at its edge.
   */
  write(blocks: readonly HistoryBlock[]): void {
    const first = blocks[0];
    if (first === undefined) return;
    try {
      this.#database
        .transaction(() => {
          const hours = this.#rollUp(1, first.startMs);
          for (let level = 2; level < LEVELS.length; level++) this.#rollUp(level, first.startMs);
          this.#forget(0, first.startMs, (hours * LEVELS[1]!.blockMs) / FINEST.blockMs);
          for (const block of blocks) this.#writeBlock(block);
          this.#forgetSeries();
        })
        .immediate();
    } catch (error) {
      this.#series.reload();
      throw error;
    }
    this.#shrink();
  }

  read({ name, labels, fromMs, stepMs, length, untilMs }: HistoryQuery): HistorySeries[] {
    const level = levelFor(stepMs);
    const toMs = Math.min(untilMs, fromMs + length * stepMs);
    const selected = this.#series.matching(name, labels).map((series) => {
      return { series, grid: new TimeGrid(fromMs, stepMs, length) };
    });
    this.#readInto(selected, level, fromMs, toMs);
    return selected.map(({ series: { id: _, ...series }, grid: { min, max, sum, weight } }) => {
      return { ...series, grid: { min, max, sum, weight } };
    });
  }

  names(): SeriesName[] {
    return this.#series.all().map(({ name, labels, type }) => ({ name, labels, type }));
  }

  close(): void {
    this.#database.close();
  }

  #writeBlock({ startMs, series, points }: HistoryBlock): void {
    const each = FINEST.points * 3;
    const bySeries = new Map<number, Float32Array>();
    for (const [index, name] of series.entries()) {
      const id = this.#series.idOf(name, startMs);
      if (id !== undefined) bySeries.set(id, points.subarray(index * each, (index + 1) * each));
    }
    this.#put(0, blockOf(FINEST, startMs), bySeries);
    // On every level: the current day must be read from the hours before its first hour is over.
    for (let level = 1; level < LEVELS.length; level++) this.#markDirty(level, startMs);
  }

  /** Part of a block may exist, from before a restart or a step of the clock: the new points are merged into it. */
  #put(level: number, block: number, bySeries: ReadonlyMap<number, Float32Array>): void {
    const { get, put } = this.#tables[level]!;
    const byRow = Map.groupBy(bySeries, ([series]) => Math.floor(series / ROW_SERIES));
    for (const [row, entries] of [...byRow].sort(([a], [b]) => a - b)) {
      const id = block * ROWS_LIMIT + row;
      const members = membersOf(pointsOf(get.get(id)));
      for (const [series, points] of entries) {
        const before = members[series % ROW_SERIES];
        members[series % ROW_SERIES] = encodePoints(before === undefined ? points : merged(before, points)) ?? before;
      }
      if (members.some((member) => member !== undefined)) put.run(id, packMembers(members));
    }
  }

  #markDirty(level: number, atMs: number): void {
    this.#database.query("INSERT OR IGNORE INTO dirty VALUES (?, ?)").run(level, blockOf(LEVELS[level]!, atMs));
  }

  #dirtyBlocks(level: number): number[] {
    const rows = this.#database.query("SELECT block FROM dirty WHERE level = ? ORDER BY block").values(level);
    return rows.map(([block]) => Number(block));
  }

  /** Rolls up every block whose finer blocks have changed, except the current one. @returns how many */
  #rollUp(level: number, nowMs: number): number {
    const coarse = LEVELS[level]!;
    const fine = LEVELS[level - 1]!;
    const current = blockOf(coarse, nowMs);
    const blocks = this.#dirtyBlocks(level).filter((block) => block !== current);
    this.#forget(level, nowMs, blocks.length);
    for (const block of blocks) {
      const startMs = block * coarse.blockMs;
      const sums = new RollUp(fine, coarse, startMs);
      const [from, to] = [blockOf(fine, startMs), blockOf(fine, startMs + coarse.blockMs)];
      for (const row of this.#tables[level - 1]!.range.iterate(from * ROWS_LIMIT, to * ROWS_LIMIT)) {
        sums.add(row.id, pointsOf(row)!);
      }
      this.#put(level, block, new Map(sums.series()));
      this.#database.query("DELETE FROM dirty WHERE level = ? AND block = ?").run(level, block);
      if (level + 1 < LEVELS.length) this.#markDirty(level + 1, startMs);
    }
    return blocks.length;
  }

  #forget(level: number, nowMs: number, added: number): void {
    const { blockMs, keepMs } = LEVELS[level]!;
    const { first, remove } = this.#tables[level]!;
    for (let count = 0; count < added * DELETES_PER_BLOCK; count++) {
      const id = first.get()?.id ?? undefined;
      if (id === undefined) return;
      const block = Math.floor(id / ROWS_LIMIT);
      if ((block + 1) * blockMs > nowMs - keepMs) return;
      remove.run((block + 1) * ROWS_LIMIT);
    }
  }

  #forgetSeries(): void {
    const oldest = this.#tables.map(({ first }, level) => {
      const id = first.get()?.id ?? undefined;
      return id === undefined ? Number.POSITIVE_INFINITY : Math.floor(id / ROWS_LIMIT) * LEVELS[level]!.blockMs;
    });
    const oldestMs = Math.min(...oldest);
    if (Number.isFinite(oldestMs)) this.#series.forgetBefore(oldestMs);
  }

  #shrink(): void {
    const free = numberOf(this.#database, "PRAGMA freelist_count");
    if (free > FREE_PAGES && free > numberOf(this.#database, "PRAGMA page_count") / 4) {
      this.#database.run(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    }
  }

  /** Blocks that are not rolled up yet are read from the finer level. */
  #readInto(selected: readonly Selected[], level: number, fromMs: number, toMs: number): void {
    const { blockMs } = LEVELS[level]!;
    const table = this.#tables[level]!;
    const dirty = level === 0 ? [] : this.#dirtyBlocks(level);
    const [first, last] = [table.first.get()?.id, table.last.get()?.id];
    const oldest = Math.min(...dirty, Math.floor((first ?? Number.POSITIVE_INFINITY) / ROWS_LIMIT));
    const newest = Math.max(...dirty, Math.floor((last ?? Number.NEGATIVE_INFINITY) / ROWS_LIMIT));
    const from = Math.max(oldest, Math.floor(fromMs / blockMs));
    const to = Math.min(newest, Math.ceil(toMs / blockMs) - 1);
    for (let block = from; block <= to; block++) {
      const startMs = block * blockMs;
      if (dirty.includes(block)) {
        this.#readInto(selected, level - 1, Math.max(fromMs, startMs), Math.min(toMs, startMs + blockMs));
      } else {
        this.#readBlock(selected, level, block, fromMs, toMs);
      }
    }
  }

  /** A row is long: it is read once for all series in it, which lie beside each other as they are numbered. */
  #readBlock(selected: readonly Selected[], level: number, block: number, fromMs: number, toMs: number): void {
    const { stepMs, blockMs, points: count } = LEVELS[level]!;
    const points = new Float32Array(count * 3);
    let rowId = -1;
    let row: Uint8Array | undefined;
    for (const { series, grid } of selected) {
      const id = block * ROWS_LIMIT + Math.floor(series.id / ROW_SERIES);
      if (rowId !== id) row = pointsOf(this.#tables[level]!.get.get(id));
      rowId = id;
      const encoded = row === undefined ? undefined : memberOf(row, series.id % ROW_SERIES);
      if (encoded === undefined) continue;
      decodePoints(encoded, points);
      for (let point = 0; point < count; point++) {
        const atMs = block * blockMs + point * stepMs;
        const mean = points[point * 3 + 1]!;
        if (Number.isNaN(mean) || atMs + stepMs <= fromMs || atMs >= toMs) continue;
        grid.add(atMs, stepMs, points[point * 3]!, mean, points[point * 3 + 2]!);
      }
    }
  }
}

function tableOf(database: Database, { table }: Level): Table {
  return {
    put: database.query(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`),
    get: database.query(`SELECT id, points FROM ${table} WHERE id = ?`),
    range: database.query(`SELECT id, points FROM ${table} WHERE id >= ? AND id < ? ORDER BY id`),
    first: database.query(`SELECT min(id) AS id FROM ${table}`),
    last: database.query(`SELECT max(id) AS id FROM ${table}`),
    remove: database.query(`DELETE FROM ${table} WHERE id < ?`),
  };
}

function pointsOf(row: Row | null): Uint8Array | undefined {
  if (row === null || row.points instanceof Uint8Array) return row?.points;
  throw new CorruptFileError("expected the bytes of points");
}

/** Returns the earlier points, overwritten by the new ones. */
function merged(before: Uint8Array, points: Float32Array): Float32Array {
  const all = new Float32Array(points.length);
  decodePoints(before, all);
  for (let at = 0; at < points.length; at++) if (!Number.isNaN(points[at]!)) all[at] = points[at]!;
  return all;
}
