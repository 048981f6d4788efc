import { readFileSync } from "node:fs";
import { withoutUndefined } from "../../base/mod.ts";
import type { SqlCheck } from "./sql-check.ts";

/** A database that every user of MySQL may use. */
const ANY_MYSQL_DATABASE = "information_schema";

/**
 * Runs a query with the runtime's own client, which is loaded by its first use, and returns the first column of the first row; undefined where
 * there is none.
 *
 * @param signal closes the connection, also after the answer
 */
export async function firstValue(
  check: Omit<SqlCheck, "expect"> & { readonly address: string },
  version: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const { kind, address, port, user = "tenk", password = "", database } = check;
  const sql = new Bun.SQL({
    adapter: kind,
    hostname: address,
    port,
    username: user,
    password,
    database: database ?? (kind === "mysql" ? ANY_MYSQL_DATABASE : "postgres"),
    max: 1,
    connectionTimeout: Math.ceil(timeoutMs / 1000),
    ...(check.tls && { tls: tlsOptions(check) }),
  } as Bun.SQL.Options);
  signal.addEventListener("abort", () => void sql.close({ timeout: 0 }).catch(() => {}), { once: true });
  const connection = await sql.reserve();
  const rows = (await (kind === "mysql" ? inMysql : inPostgres)(
    (statement) => connection.unsafe(statement) as Promise<unknown>,
    check.query.replace(/;\s*$/, ""),
    { timeoutMs: Math.ceil(timeoutMs), isMariaDb: /mariadb/i.test(version) },
  )) as Record<string, unknown>[];
  const [first] = rows;
  return first === undefined ? undefined : Object.values(first)[0];
}

type Execute = (statement: string) => Promise<unknown>;
interface Bounds {
  readonly timeoutMs: number;
  readonly isMariaDb: boolean;
}

async function inPostgres(execute: Execute, query: string, { timeoutMs }: Bounds): Promise<unknown> {
  await execute("BEGIN READ ONLY");
  await execute(`SET LOCAL statement_timeout = ${timeoutMs}`);
  // A cursor gives one row of however many there are; SHOW has but one.
  if (/^\s*show\b/i.test(query)) return execute(query);
  await execute(`DECLARE tenk NO SCROLL CURSOR FOR ${query}`);
  return execute("FETCH 1 FROM tenk");
}

async function inMysql(execute: Execute, query: string, { timeoutMs, isMariaDb }: Bounds): Promise<unknown> {
  await execute(
    isMariaDb
      ? `SET SESSION max_statement_time = ${timeoutMs / 1000}`
      : `SET SESSION max_execution_time = ${timeoutMs}`,
  );
  await execute("SET SESSION sql_select_limit = 1");
  await execute("START TRANSACTION READ ONLY");
  return execute(query);
}

function tlsOptions({ tls = {}, host }: Pick<SqlCheck, "tls" | "host">) {
  const { verify = true, serverName = host, ca, cert, key } = tls;
  const text = (pem: string | undefined) =>
    pem === undefined || pem.includes("-----BEGIN ") ? pem : readFileSync(pem, "utf8");
  return withoutUndefined({
    rejectUnauthorized: verify,
    serverName: serverName,
    ca: text(ca),
    cert: text(cert),
    key: text(key),
  });
}
