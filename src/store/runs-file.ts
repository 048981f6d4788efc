import { Database } from "bun:sqlite";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { prepareSchema, RUNS_TABLES, RUNS_VERSION } from "./schema.ts";
import type { Json, ListedRun, Run, StoredRun } from "./types.ts";

/** An instance and a load test in another process may use the file at the same moment. */
const BUSY_MS = 2000;
/** Limit of one run before compression, far above any real one. */
const MAX_JSON_BYTES = 64 * 2 ** 20;

export interface RunLimits {
  readonly maxRuns: number;
  readonly maxBytes: number;
}

/** Past load tests in a SQLite file that several processes may use: a load test runs beside the instance. */
export class RunsFile {
  readonly #database: Database;
  readonly #limits: RunLimits;

  constructor(path: string, limits: RunLimits) {
    this.#limits = limits;
    this.#database = new Database(path, { create: true, strict: true });
    try {
      this.#database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
      this.#database.run("PRAGMA auto_vacuum = INCREMENTAL");
      // Written a few times a day: one consistent file after each run matters more than speed.
      this.#database.run("PRAGMA journal_mode = DELETE");
      prepareSchema(this.#database, RUNS_VERSION, RUNS_TABLES);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Adds a run, unless an identical one exists: a client that got no response sends its run again.
   *
   * @returns its id; ids grow and are never reused
   */
  add({ startedMs, summary, report, series }: Run): number {
    const content = deflateRawSync(JSON.stringify({ report, series }));
    const text = JSON.stringify(summary);
    const insert = this.#database.query(
      "INSERT INTO runs (started_ms, summary, bytes, content) VALUES (?, ?, ?, ?) RETURNING id",
    );
    const same = this.#database.query("SELECT id FROM runs WHERE started_ms = ? AND content = ?");
    const id = this.#database
      .transaction(() => {
        const there = same.get(startedMs, content) as { id: number } | null;
        if (there !== null) return there.id;
        const row = insert.get(startedMs, text, text.length + content.length, content) as { id: number };
        this.#forget(row.id);
        return row.id;
      })
      .immediate();
    this.#database.run("PRAGMA incremental_vacuum");
    return id;
  }

  /** Newest first. */
  list(limit: number): ListedRun[] {
    const rows = this.#database
      .query("SELECT id, started_ms, summary, bytes FROM runs ORDER BY started_ms DESC, id DESC LIMIT ?")
      .values(limit) as [number, number, string, number][];
    return rows.map(([id, startedMs, summary, bytes]) => ({
      id,
      startedMs,
      summary: JSON.parse(summary) as Json,
      bytes,
    }));
  }

  get(id: number): StoredRun | undefined {
    const row = this.#database.query("SELECT started_ms, summary, content FROM runs WHERE id = ?").values(id)[0];
    if (row === undefined) return undefined;
    const [startedMs, summary, content] = row as [number, string, Uint8Array];
    const text = inflateRawSync(content, { maxOutputLength: MAX_JSON_BYTES }).toString();
    const { report, series } = JSON.parse(text) as Pick<Run, "report" | "series">;
    return { id, startedMs, summary: JSON.parse(summary) as Json, report, series };
  }

  /** @returns whether there was one */
  remove(id: number): boolean {
    const { changes } = this.#database.query("DELETE FROM runs WHERE id = ?").run(id);
    this.#database.run("PRAGMA incremental_vacuum");
    return changes > 0;
  }

  close(): void {
    this.#database.close();
  }

  /** Deletes the oldest runs until count and size are within the limits; the run just added stays, however large. */
  #forget(added: number): void {
    const { maxRuns, maxBytes } = this.#limits;
    const rows = this.#database.query("SELECT id, bytes FROM runs ORDER BY id = ? DESC, started_ms DESC, id DESC");
    let [runs, bytes] = [0, 0];
    for (const [id, size] of rows.values(added) as [number, number][]) {
      runs += 1;
      bytes += size;
      if (id !== added && (runs > maxRuns || bytes > maxBytes))
        this.#database.query("DELETE FROM runs WHERE id = ?").run(id);
    }
  }
}
