import { messageOf } from "../../base/mod.ts";
import { printable } from "../../wire/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { checkHandshake, type HandshakeCheck } from "./handshake-check.ts";
import { firstValue } from "./sql-client.ts";
import { failedOutcome } from "./words.ts";

export interface SqlCheck extends HandshakeCheck {
  readonly kind: "postgres" | "mysql";
  /** One statement that reads. */
  readonly query: string;
  /** What the first column of its first row must be: a value, or a comparison such as `< 10`. @default {anything} */
  readonly expect?: string | number | boolean;
}

/**
 * Asks the server by its handshake, whose words say more than an error of a client, and then runs the user's own query: in a transaction that
 * only reads, for one row, within the time that is left.
 */
export async function checkSql(check: SqlCheck): Promise<Outcome> {
  const startedMs = performance.now();
  let address: string | undefined;
  const connected = (reached: string) => {
    address = reached;
  };
  const outcome = await checkHandshake({ ...check, connected });
  if (outcome.result !== "up" && outcome.result !== "degraded") return outcome;
  const leftMs = Math.max(100, check.timeoutMs - (performance.now() - startedMs));
  const queriedMs = performance.now();
  try {
    const answer = await within(leftMs, (signal) =>
      // The client looks names up by itself: it gets the address that answered.
      firstValue({ ...check, address: address ?? check.host }, outcome.facts.version ?? "", leftMs, signal),
    );
    const facts = { ...outcome.facts, latencyMs: performance.now() - queriedMs };
    const reason = answerProblem(answer, check.expect);
    return reason === undefined ? { ...outcome, facts } : { result: "down", facts, reason };
  } catch (error) {
    if (error instanceof QueryTimeout)
      return { result: "down", facts: {}, reason: `the query has no answer within ${check.timeoutMs / 1000} s` };
    if (isOfServer(error))
      return { result: "down", facts: {}, reason: `the query fails: ${printable(messageOf(error))}` };
    return failedOutcome(error, `${check.host}:${check.port}`, check.timeoutMs);
  }
}

class QueryTimeout extends Error {}

function isOfServer(error: unknown): boolean {
  return /^ERR_(POSTGRES|MYSQL)_/.test(String((error as { code?: unknown } | null)?.code));
}

/** Runs work that frees what it holds when the signal comes. */
async function within<Result>(ms: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const ending = new AbortController();
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new QueryTimeout()), ms);
  const working = work(ending.signal);
  try {
    return await Promise.race([working, over.promise]);
  } finally {
    clearTimeout(timer);
    ending.abort();
    working.catch(() => {}); // its connection was closed under it
  }
}

const COMPARISON = /^\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*$/;

/** Returns in what an answer is not as expected; undefined where it is. */
export function answerProblem(answer: unknown, expected: SqlCheck["expect"]): string | undefined {
  if (expected === undefined) return undefined;
  const wanted = `not ${printable(JSON.stringify(expected))}`;
  if (answer === undefined) return `the query's answer has no row, ${wanted}`;
  const text = textOf(answer);
  const [, operator = "=", operand = String(expected)] = COMPARISON.exec(String(expected)) ?? [];
  return compares(text, operator, operand)
    ? undefined
    : `the query's answer is ${printable(JSON.stringify(text))}, ${wanted}`;
}

function textOf(answer: unknown): string {
  if (answer instanceof Date) return answer.toISOString();
  return typeof answer === "object" && answer !== null ? JSON.stringify(answer) : String(answer);
}

function compares(text: string, operator: string, operand: string): boolean {
  const [left, right] = [Number(text), Number(operand)];
  const areNumbers = text.trim() !== "" && Number.isFinite(left) && Number.isFinite(right);
  const isEqual = text === operand || (areNumbers && left === right);
  if (operator === "=") return isEqual;
  if (operator === "!=") return !isEqual;
  if (!areNumbers) return false;
  return operator.startsWith("<")
    ? left < right || (operator === "<=" && isEqual)
    : left > right || (operator === ">=" && isEqual);
}
