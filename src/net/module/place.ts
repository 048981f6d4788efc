import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isOneFile } from "../../base/mod.ts";

/** Somewhere in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where tenk's own source lies; inside the executable its frames have no absolute path. */
const OWN = isOneFile() ? "/$bunfs/" : fileURLToPath(new URL("../../", import.meta.url));
const FRAME = /^\s+at (?:.* \()?(?:file:\/\/)?(\/[^()\n]*?)(?:\?v=\d+)?:(\d+):(\d+)\)?$/gm;

/** Whether a file is tenk's, and not its user's. */
export function isOwnFile(file: string): boolean {
  return file.startsWith(OWN);
}

/** The first line of a user's own file in what was thrown: no frame of tenk's, nor of a package's where there is a nearer one. */
export function placeOfError(thrown: unknown): Place | undefined {
  return thrown instanceof Error ? placeInStack(thrown.stack ?? "") : undefined;
}

export function placeInStack(stack: string): Place | undefined {
  const places = [...stack.matchAll(FRAME)]
    .map(([, file = "", line, column]) => ({ file, line: Number(line), column: Number(column) }))
    .filter(({ file }) => !isOwnFile(file));
  return places.find(({ file }) => !file.includes("/node_modules/")) ?? places[0];
}

/** As a person would name it from where tenk was started. */
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
  // Tabs before the mark stay tabs, so that it stands below its character in every editor.
  const before = (lines[line - 1] ?? "").slice(0, Math.min(column - 1, 160)).replace(/[^\t]/g, " ");
  return [head, ...row(line - 1), ...row(line), `  ${" ".repeat(width)} | ${before}^`, ...row(line + 1)].join("\n");
}
