import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ForeignTablesError, readForeignTables } from "../../src/store/mod.ts";

function database(...statements: string[]): Uint8Array {
  using made = new Database(":memory:");
  for (const statement of statements) made.run(statement);
  return new Uint8Array(made.serialize());
}

const FILLED = database(
  'CREATE TABLE "group" (id INTEGER PRIMARY KEY, name TEXT, enabled)',
  `INSERT INTO "group" VALUES (0, 'Default', 1), (3, 'kids', 0), (4, x'00ff', 1.5)`,
  'CREATE INDEX name ON "group" (name)',
);

describe("tables of another program's database", () => {
  test("are read with the columns they have; other types than numbers and texts are null", () => {
    expect(readForeignTables(FILLED, { group: ["id", "name", "enabled", "none"], adlist: ["id"] })).toEqual(
      new Map([
        [
          "group",
          [
            { id: 0, name: "Default", enabled: 1 },
            { id: 3, name: "kids", enabled: 0 },
            { id: 4, name: null, enabled: null },
          ],
        ],
      ]),
    );
  });

  test("are read where the database had a write-ahead log", () => {
    const bytes = FILLED.slice();
    bytes.set([2, 2], 18);
    expect(readForeignTables(bytes, { group: ["id"] }).get("group")).toHaveLength(3);
  });

  test("are cut at the bounds", () => {
    const bounds = { maxRows: 2, maxTextLength: 3 };
    expect(readForeignTables(FILLED, { group: ["name"] }, bounds).get("group")).toEqual([
      { name: "Def" },
      { name: "kid" },
    ]);
  });

  test.each([
    [
      "a view that never ends",
      "CREATE VIEW t AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT count(*) AS a FROM n",
    ],
    ["a virtual table", "CREATE VIRTUAL TABLE t USING fts5(a)"],
    ["a column that is computed", "CREATE TABLE t (b, a GENERATED ALWAYS AS (hex(zeroblob(100000000))))"],
  ])("%s is taken for missing", (_, statement) => {
    expect(readForeignTables(database(statement), { t: ["a"] }).size).toBe(0);
  });

  test("bytes that are no database, or a broken one, are an error and nothing else", () => {
    expect(() => readForeignTables(new Uint8Array(100), { t: ["a"] })).toThrow("it is no SQLite database");
    expect(() => readForeignTables(FILLED.subarray(0, 700), { group: ["id"] })).toThrow(ForeignTablesError);
    const change = fc.tuple(fc.integer({ min: 16, max: FILLED.length - 1 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const bytes = FILLED.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readForeignTables(bytes, { group: ["id", "name"] }, { maxRows: 10 });
        } catch (error) {
          expect(error).toBeInstanceOf(ForeignTablesError);
        }
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 300) },
    );
  });
});
