import { CommanderError } from "commander";
import { type ErrorCode, messageOf, TenkError } from "../base/mod.ts";

/**
 * 0: it passed. 1: an expectation or something at run time failed. 2: the words were wrong, or what they ask for is not to be had.
 * 130: it was stopped before it could tell, as a shell says of what Ctrl-C ended.
 */
export const EXIT = { pass: 0, failed: 1, usage: 2, stopped: 130 } as const;

/** What a person can mend before the next try without looking at the peer or the load. */
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

/** How a command ended that threw: its exit code and what to print, one line for whatever tenk itself can name. */
export interface Failure {
  readonly exitCode: number;
  /** Empty where everything was said already (`--help`). */
  readonly text: string;
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof CommanderError) return commanderFailure(thrown);
  if (!(thrown instanceof TenkError)) {
    const text = thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : messageOf(thrown);
    return { exitCode: EXIT.failed, text: `tenk: unexpected: ${text}` };
  }
  const hint = thrown.hint ? ` (${thrown.hint})` : "";
  return { exitCode: USAGE.has(thrown.code) ? EXIT.usage : EXIT.failed, text: `tenk: ${thrown.message}${hint}` };
}

/** commander's errors end in its suggestion on a line of its own; one line is enough. */
function commanderFailure({ code, exitCode, message }: CommanderError): Failure {
  if (exitCode === 0) return { exitCode: EXIT.pass, text: "" };
  if (code === "commander.help") return { exitCode: EXIT.usage, text: "" };
  const words = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return { exitCode: EXIT.usage, text: `tenk: ${words}` };
}
