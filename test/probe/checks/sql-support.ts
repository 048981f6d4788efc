import { expect } from "bun:test";
import { checkSql, type SqlCheck } from "../../../src/probe/checks/mod.ts";
import { reasonOf } from "./http-support.ts";

type Asked = Pick<SqlCheck, "kind" | "port" | "user" | "password"> & Partial<SqlCheck>;

/** What holds for every real server: values and comparisons, errors in words, one row of many, no writing, no waiting. */
export async function expectQueries({ localAddress: _, ...asked }: Asked): Promise<void> {
  const common = { host: "127.0.0.1", timeoutMs: 20_000, connectMs: 20_000, slowMs: 20_000 };
  const ask = (query: string, more: Partial<SqlCheck> = {}) => checkSql({ ...common, ...asked, query, ...more });
  const isPostgres = asked.kind === "postgres";
  const many = isPostgres
    ? "SELECT repeat('x', 1000) FROM (SELECT generate_series(1, 100000000)) a"
    : "SELECT repeat('x', 1000) FROM information_schema.collations a, information_schema.collations b, information_schema.collations c";
  const sleep = isPostgres ? "SELECT pg_sleep(60)" : "SELECT sleep(60)";
  for (const [query, expected, reason] of [
    ["SELECT 1", undefined, undefined],
    ["SELECT 5;", 5, undefined],
    ["SELECT 5", "< 10", undefined],
    ["SELECT 5", "> 10", `the query's answer is "5", not "> 10"`],
    ["SELECT 'up'", "up", undefined],
    ["SELECT 1 WHERE 1 = 2", 1, "the query's answer has no row, not 1"],
    ["SELECT none FROM nowhere.at_all", undefined, "the query fails: "],
    [many, undefined, undefined],
  ] as const) {
    const outcome = await ask(query, expected === undefined ? {} : { expect: expected });
    expect([query, outcome.result]).toEqual([query, reason === undefined ? "up" : "down"]);
    if (reason !== undefined) expect(reasonOf(outcome)).toContain(reason);
  }
  if (isPostgres)
    expect(reasonOf(await ask("WITH a AS (CREATE TABLE b (c int)) SELECT 1"))).toContain("the query fails: ");
  // The first of its addresses is dead.
  const two = { host: "db.test", lookup: async () => ["127.0.0.9", "127.0.0.1"] };
  expect(await ask("SELECT 1", two)).toMatchObject({ result: "up" });
  const slow = await ask(sleep, { timeoutMs: 700 });
  expect(slow.result === "up" ? "it must not wait" : reasonOf(slow)).toMatch(/the query (has no answer within|fails)/);
  expect(await ask("SELECT 1", { password: "wrong" })).toMatchObject({ result: "restricted" });
}
