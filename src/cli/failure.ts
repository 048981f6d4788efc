import { CommanderError } from "commander";
import { type ErrorCode, messageOf, TenkError } from "../base/mod.ts";

/**
 * Exit codes. 0: passed. 1: an expectation failed, or an error at run time. 2: usage error, or something that the command needs is
 * not available. 130: stopped before the result was known, as shells report Ctrl-C.
 */
export const EXIT = { pass: 0, failed: 1, usage: 2, stopped: 130 } as const;

/** Errors that a person can fix without looking at the peer or the load. */
const USAGE: ReadonlySet<ErrorCode> = new Set([
  "usage",
  "config",
  "invalid-option",
  "port-in-use",
  "permission-denied",
  "address-unavailable",
  "file-unreadable",
  "unsupported",
]);

/** The exit code and text for an error; one line for a `TenkError`. */
export interface Failure {
  readonly exitCode: number;
  /** Empty when everything has been printed already (`--help`). */
  readonly text: string;
}

export function failureOf(thrown: unknown): Failure {
  // Help or version; usage errors are a `TenkError` (`usage-error.ts`).
  if (thrown instanceof CommanderError) return { exitCode: thrown.exitCode === 0 ? EXIT.pass : EXIT.usage, text: "" };
  if (!(thrown instanceof TenkError)) {
    const text = thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : messageOf(thrown);
    return { exitCode: EXIT.failed, text: `tenk: unexpected: ${text}` };
  }
  const hint = thrown.hint ? ` (${thrown.hint})` : "";
  return { exitCode: USAGE.has(thrown.code) ? EXIT.usage : EXIT.failed, text: `tenk: ${thrown.message}${hint}` };
}
