import type { Database } from "bun:sqlite";
import { LEVELS } from "./levels.ts";

/** Incremented with every change of the tables that an older tenk cannot read. */
export const HISTORY_VERSION = 2;
export const RUNS_VERSION = 1;
export const QUERIES_VERSION = 1;
export const SERVICES_VERSION = 1;
/** "tenk", in the field for it in SQLite's file header. */
const APPLICATION_ID = 0x74656e6b;

/** A file of another version of tenk or of another program. It is kept for its owner. */
export class ForeignFileError extends Error {}

/** A file of ours with impossible content, as worn memory cards produce it. */
export class CorruptFileError extends Error {}

/**
 * Creates the tables of a new file. Another process may do so at the same moment: every check of the file is one transaction,
 * so that a half-created file is not taken for a foreign one.
 *
 * @throws {ForeignFileError} for a file of another version or of another program
 */
export function prepareSchema(database: Database, version: number, tables: readonly string[]): void {
  if (database.transaction(isPrepared)(database, version)) return;
  database
    .transaction(() => {
      if (isPrepared(database, version)) return;
      for (const table of tables) database.run(table);
      database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.run(`PRAGMA user_version = ${version}`);
    })
    .immediate();
}

/** Returns false for a new file. */
function isPrepared(database: Database, version: number): boolean {
  const found = numberOf(database, "PRAGMA user_version");
  const isOurs = numberOf(database, "PRAGMA application_id") === APPLICATION_ID;
  if (isOurs && found === version) return true;
  if (isOurs && found > version)
    throw new ForeignFileError(`written by a later version (${found}, ours is ${version})`);
  if (isOurs) throw new ForeignFileError(`written by an earlier version (${found}, ours is ${version})`);
  if (numberOf(database, "SELECT count(*) FROM sqlite_schema") > 0) throw new ForeignFileError("not a file of tenk");
  return false;
}

export function numberOf(database: Database, query: string): number {
  return Number(Object.values(database.query(query).get() as object)[0]);
}

/**
 * `dirty` lists blocks whose finer blocks changed after they were rolled up. `day` is the last day on which a series was
 * written: a series older than all stored blocks is deleted.
 */
export const HISTORY_TABLES: readonly string[] = [
  `CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, labels TEXT NOT NULL,
    type TEXT NOT NULL, day INTEGER NOT NULL, UNIQUE (name, labels))`,
  "CREATE TABLE dirty (level INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (level, block)) WITHOUT ROWID",
  ...LEVELS.map(({ table }) => `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, points BLOB NOT NULL)`),
];

export const RUNS_TABLES: readonly string[] = [
  `CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, started_ms INTEGER NOT NULL, summary TEXT NOT NULL,
    bytes INTEGER NOT NULL, content BLOB NOT NULL)`,
  // Lets a list be read without stepping over the content of every run.
  "CREATE INDEX runs_by_start ON runs (started_ms, id, bytes)",
];

/** `texts` has the texts of a day's queries, by numbers: see `day-texts.ts`. */
export const QUERIES_TABLES: readonly string[] = [
  "CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
  `CREATE TABLE queries (id INTEGER PRIMARY KEY, name INTEGER, client INTEGER, type INTEGER NOT NULL,
    verdict INTEGER NOT NULL, rcode INTEGER NOT NULL, transport INTEGER NOT NULL, is_stale INTEGER NOT NULL,
    latency_us INTEGER NOT NULL, upstream INTEGER, lists INTEGER, labels INTEGER NOT NULL, rule INTEGER)`,
];

const TIMES =
  "up INTEGER NOT NULL, degraded INTEGER NOT NULL, down INTEGER NOT NULL, unknown INTEGER NOT NULL, maintenance INTEGER NOT NULL";

/** Times are milliseconds within an hour (from 1970, UTC) or a day (the date of the machine's time zone, as days from 1970). */
export const SERVICES_TABLES: readonly string[] = [
  "CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
  `CREATE TABLE changes (service INTEGER NOT NULL, at_ms INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,
    PRIMARY KEY (service, at_ms)) WITHOUT ROWID`,
  `CREATE TABLE hours (hour INTEGER NOT NULL, service INTEGER NOT NULL, ${TIMES}, PRIMARY KEY (hour, service)) WITHOUT ROWID`,
  `CREATE TABLE days (day INTEGER NOT NULL, service INTEGER NOT NULL, ${TIMES}, PRIMARY KEY (day, service)) WITHOUT ROWID`,
  "CREATE TABLE alive (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)",
];
