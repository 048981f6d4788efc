import { Database } from "bun:sqlite";
import { fittingSize } from "../limits/mod.ts";
import { CorruptFileError, prepareSchema, SERVICES_TABLES, SERVICES_VERSION } from "./schema.ts";
import type { KeptService, KeptServices, ServicesForget, ServicesRewind, ServicesWrite, StoredTimes } from "./types.ts";

type Times = "hours" | "days";
const KEYS = { hours: "hour", days: "day" } as const;
const COLUMNS = "up, degraded, down, unknown, maintenance";

/**
 * Changes of the state of services, and the time in each state by hours and days, in one SQLite file. All methods throw SQLite's errors;
 * {@link DatabaseGuard} handles them.
 *
 * Times are stored as sums, not computed from the changes: so that a service which changes all day has true sums though only its last
 * changes are kept. The log is synced when it is copied into the file, so that a power failure costs the last minutes, never the file.
 */
export class ServicesFile {
  readonly #database: Database;

  constructor(path: string) {
    this.#database = new Database(path, { create: true, strict: true });
    try {
      this.#database.run("PRAGMA locking_mode = EXCLUSIVE");
      this.#database.run("PRAGMA journal_mode = WAL");
      this.#database.run("PRAGMA synchronous = NORMAL");
      this.#database.run("PRAGMA wal_autocheckpoint = 500");
      this.#database.run(`PRAGMA cache_size = -${fittingSize(512)}`);
      prepareSchema(this.#database, SERVICES_VERSION, SERVICES_TABLES);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  write({ aliveMs, changes, maxChanges, hours, days, forget, rewind, renames = [] }: ServicesWrite): void {
    this.#database
      .transaction(() => {
        if (rewind !== undefined) this.#rewind(rewind);
        const rename = this.#database.query("UPDATE OR IGNORE services SET name = ? WHERE name = ?");
        for (const [from, to] of renames) rename.run(to, from);
        const ids = new Map<string, number>();
        const idOf = (name: string) => ids.get(name) ?? this.#addService(name, ids);
        const insert = this.#database.query("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?)");
        for (const { service, atMs, state, reason } of changes) insert.run(idOf(service), atMs, state, reason);
        for (const service of new Set(changes.map((each) => each.service))) this.#trim(idOf(service), maxChanges);
        this.#putTimes("hours", hours, idOf);
        this.#putTimes("days", days, idOf);
        if (forget !== undefined) this.#forget(forget);
        this.#database.query("INSERT OR REPLACE INTO alive VALUES (1, ?)").run(Math.round(aliveMs));
      })
      .immediate();
  }

  /** @param maxChanges of one service, the newest */
  read(maxChanges: number): KeptServices | undefined {
    const alive = this.#database.query("SELECT at_ms FROM alive").values()[0]?.[0];
    if (alive === undefined) return undefined;
    const rows = this.#database.query("SELECT id, name FROM services").values() as [number, string][];
    const [hours, days] = [this.#times("hours"), this.#times("days")];
    const services = rows.map(([id, name]): KeptService => {
      if (typeof name !== "string") throw new CorruptFileError(`expected a name, not ${name}`);
      const timesOf = (table: ReadonlyMap<number, number[]>) => new Float64Array(table.get(id) ?? []);
      return { name, changes: this.#changes(id, maxChanges), hours: timesOf(hours), days: timesOf(days) };
    });
    return { aliveMs: Number(alive), services };
  }

  close(): void {
    this.#database.close();
  }

  #addService(name: string, ids: Map<string, number>): number {
    const known = this.#database.query("SELECT id FROM services WHERE name = ?").values(name)[0]?.[0];
    const id = Number(
      known ?? this.#database.query("INSERT INTO services (name) VALUES (?) RETURNING id").values(name)[0]?.[0],
    );
    ids.set(name, id);
    return id;
  }

  #trim(service: number, maxChanges: number): void {
    this.#database
      .query(
        `DELETE FROM changes WHERE service = ?1 AND at_ms <=
         (SELECT at_ms FROM changes WHERE service = ?1 ORDER BY at_ms DESC LIMIT 1 OFFSET ?2)`,
      )
      .run(service, maxChanges);
  }

  /** A sum never falls: what an earlier run had added stays where it could not be read. */
  #putTimes(table: Times, rows: readonly StoredTimes[], idOf: (service: string) => number): void {
    const larger = COLUMNS.split(", ").map((column) => `${column} = max(${column}, excluded.${column})`);
    const upsert = this.#database.query(
      `INSERT INTO ${table} (${KEYS[table]}, service, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${larger.join()}`,
    );
    for (const { service, key, times } of rows) upsert.run(key, idOf(service), ...times.map(Math.round));
  }

  #forget({ beforeMs, hour, day, services }: ServicesForget): void {
    this.#database
      .query(
        `DELETE FROM changes WHERE at_ms < ? AND at_ms <
         (SELECT max(at_ms) FROM changes AS later WHERE later.service = changes.service)`,
      )
      .run(beforeMs);
    this.#database.query("DELETE FROM hours WHERE hour < ?").run(hour);
    this.#database.query("DELETE FROM days WHERE day < ?").run(day);
    for (const name of services) {
      const id = this.#database.query("SELECT id FROM services WHERE name = ?").values(name)[0]?.[0];
      if (id === undefined) continue;
      for (const table of ["changes", "hours", "days"])
        this.#database.query(`DELETE FROM ${table} WHERE service = ?`).run(Number(id));
      this.#database.query("DELETE FROM services WHERE id = ?").run(Number(id));
    }
  }

  #rewind({ afterMs, hour, day }: ServicesRewind): void {
    this.#database.query("DELETE FROM changes WHERE at_ms > ?").run(afterMs);
    this.#database.query("DELETE FROM hours WHERE hour > ?").run(hour);
    this.#database.query("DELETE FROM days WHERE day > ?").run(day);
  }

  #changes(service: number, limit: number): KeptService["changes"] {
    const rows = this.#database
      .query("SELECT at_ms, state, reason FROM changes WHERE service = ? ORDER BY at_ms DESC LIMIT ?")
      .values(service, limit) as [number, string, string | null][];
    return rows.reverse().map(([atMs, state, reason]) => ({ atMs, state, reason }));
  }

  /** Returns the rows of each service. */
  #times(table: Times): Map<number, number[]> {
    const byService = new Map<number, number[]>();
    const rows = this.#database
      .query(`SELECT service, ${KEYS[table]}, ${COLUMNS} FROM ${table}`)
      .values() as number[][];
    for (const [service = 0, ...numbers] of rows) {
      const known = byService.get(service);
      if (known === undefined) byService.set(service, numbers);
      else known.push(...numbers);
    }
    return byService;
  }
}
