import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isOneFile } from "../../base/mod.ts";

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The folder of tenk's own source. Within the executable, its stack frames have no absolute path. */
const OWN = isOneFile() ? "/$bunfs/" : fileURLToPath(new URL("../../", import.meta.url));
const FRAME = /^\s+at (?:.* \()?(?:file:\/\/)?(\/[^()\n]*?)(?:\?v=\d+)?:(\d+):(\d+)\)?$/gm;

/** Returns whether a file belongs to tenk and not to its user. */
export function isOwnFile(file: string): boolean {
  return file.startsWith(OWN);
}

/** Returns the first line of a user's own file in an error's stack: no frame of tenk, and of a package only where there is no other. */
export function placeOfError(thrown: unknown): Place | undefined {
  return thrown instanceof Error ? placeInStack(thrown.stack ?? "") : undefined;
}

export function placeInStack(stack: string): Place | undefined {
  const places = [...stack.matchAll(FRAME)]
    .map(([, file = "", line, column]) => ({ file, line: Number(line), column: Number(column) }))
    .filter(({ file }) => !isOwnFile(file));
  return places.find(({ file }) => !file.includes("/node_modules/")) ?? places[0];
}

/** Returns a file's path relative to the working directory, as a person would write it. */
export function shownFile(file: string): string {
  const near = relative(process.cwd(), file);
  return near === "" || near.startsWith("..") ? file : near;
}

/**
 * ```text
 * chat.ts:2:16
 *   1 | export default {
 * > 2 |   chunk(connection {
 *     |                    ^
 *   3 | };
 * ```
 */
export function codeFrame({ file, line, column }: Place): string {
  const head = `${shownFile(file)}:${line}:${column}`;
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return head;
  }
  const width = String(line + 1).length;
  const row = (number: number) =>
    lines[number - 1] === undefined
      ? []
      : [`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${lines[number - 1]!.slice(0, 160)}`];
  // Tabs before the mark are kept, so that it is below its character at every tab width.
  const before = (lines[line - 1] ?? "").slice(0, Math.min(column - 1, 160)).replace(/[^\t]/g, " ");
  return [head, ...row(line - 1), ...row(line), `  ${" ".repeat(width)} | ${before}^`, ...row(line + 1)].join("\n");
}
