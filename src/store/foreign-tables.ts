import { Database } from "bun:sqlite";

/** A value of a table that another program wrote. */
export type ForeignValue = string | number | null;
export type ForeignRow = Readonly<Record<string, ForeignValue>>;

export interface ForeignTablesOptions {
  /** Rows of one table. Default: 100 000. */
  readonly maxRows?: number;
  /** Longer texts are cut. Default: 4096. */
  readonly maxTextLength?: number;
}

/** Thrown for a file that is no SQLite database, or a broken one. The message says why. */
export class ForeignTablesError extends Error {
  override readonly name = "ForeignTablesError";
}

const MAGIC = "SQLite format 3\0";

/**
 * Reads tables of a database that is not trusted, from its bytes. Only real tables are read, by their rows, without joins: views,
 * virtual tables and generated columns, which could compute for hours, are taken for missing, as are unknown tables.
 *
 * @param wanted the columns of each table; those that a table lacks are null
 * @throws {ForeignTablesError}
 */
export function readForeignTables(
  bytes: Uint8Array,
  wanted: Readonly<Record<string, readonly string[]>>,
  { maxRows = 100_000, maxTextLength = 4096 }: ForeignTablesOptions = {},
): Map<string, readonly ForeignRow[]> {
  if (new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) !== MAGIC)
    throw new ForeignTablesError("it is no SQLite database");
  const copy = bytes.slice();
  // A database that had a write-ahead log asks for the file of that log, which one in memory cannot have.
  copy.set([1, 1], 18);
  const tables = new Map<string, readonly ForeignRow[]>();
  try {
    using database = Database.deserialize(copy, true);
    database.run("PRAGMA trusted_schema = OFF");
    database.run("PRAGMA cell_size_check = ON");
    for (const [table, columns] of Object.entries(wanted)) {
      const known = columnsOf(database, table);
      const read = columns.filter((column) => known.has(column));
      if (read.length === 0) continue;
      const cut = (column: string) => {
        const name = quoted(column);
        return `CASE typeof(${name}) WHEN 'text' THEN substr(${name}, 1, ${maxTextLength}) WHEN 'integer' THEN ${name} END AS ${name}`;
      };
      const query = `SELECT ${read.map(cut).join(", ")} FROM main.${quoted(table)} NOT INDEXED LIMIT ${maxRows}`;
      tables.set(table, database.query<ForeignRow, []>(query).all());
    }
  } catch {
    throw new ForeignTablesError("the database is broken");
  }
  return tables;
}

function columnsOf(database: Database, table: string): Set<string> {
  const real = database
    .query("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ?")
    .get(table);
  if (real === null) return new Set();
  const columns = database
    .query<{ name: string; hidden: number }, []>(`PRAGMA main.table_xinfo(${quoted(table)})`)
    .all();
  return new Set(columns.filter(({ hidden }) => hidden === 0).map(({ name }) => name));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
