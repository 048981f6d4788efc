import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Bar, barTable, verdictOf } from "./bars.ts";
import { machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { Measured, Outcome } from "./rounds.ts";
import { asMarkdown, asText, replaceBetween, type Table } from "./table.ts";

/** Result of a benchmark. */
export interface Page {
  /** The load and its duration, as a clause. */
  readonly plan: string;
  readonly outcome: Outcome<unknown>;
  readonly table: Table;
  /** More tables below it. */
  readonly further?: readonly Table[];
  readonly bars: readonly Bar[];
  /** Problems that make the figures unreliable; empty is good. */
  readonly remarks: readonly string[];
  /** Tables that a page of the documentation shows too, in its place of the benchmark's name. */
  readonly quoted?: { readonly file: string; readonly tables: readonly Table[] };
}

/** A benchmark: its peers, and how they are measured. */
export interface Bench {
  readonly peers: readonly Measured[];
  /** Builds what all peers need. Returns what prevents it. */
  prepare(): string | undefined;
  measure(options: BenchOptions, log: (line: string) => void): Promise<Page>;
}

/** Prints the page, and writes it to the files that the options name. */
export function publish(page: Page, options: BenchOptions): void {
  console.log(written(page, options.markdown ? asMarkdown : asText));
  if (options.readme) {
    replaceIn("README.md", options.bench, written(page, asMarkdown));
    const { file, tables } = page.quoted ?? { file: "", tables: [] };
    if (tables.length > 0) replaceIn(join("..", file), options.bench, tables.map(asMarkdown).join("\n\n"));
  }
  if (options.json === undefined) return;
  const { plan, outcome, bars, remarks } = page;
  const result = {
    ...{ bench: options.bench, plan, machine: machine(), versions: outcome.versions },
    ...{ skipped: outcome.skipped, remarks, results: Object.fromEntries(outcome.results) },
    bars: bars.map((bar) => ({ ...bar, verdict: verdictOf(bar) })),
  };
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

function replaceIn(name: string, place: string, body: string): void {
  const file = join(import.meta.dirname, name);
  writeFileSync(file, replaceBetween(readFileSync(file, "utf8"), place, body));
}

/** @param print formats a table */
export function written(
  { plan, outcome, table, further = [], bars, remarks }: Page,
  print: (table: Table) => string,
): string {
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join("\n");
  const versions = Object.entries(outcome.versions).map(([name, version]) => `${name}: ${version}`);
  const skipped = Object.entries(outcome.skipped).map(([name, reason]) => `${name} skipped: ${reason}`);
  return [
    ...[`${plan}.`, `${machine()}.`, print(table), ...further.map(print), bars.length > 0 ? print(barTable(bars)) : ""],
    ...[list(versions), list([...skipped, ...remarks])],
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Describes rounds and machine, alike for all benchmarks. */
export function roundsOf({ warmUpSeconds, rounds, pin }: BenchOptions): string {
  const where = pin ? "the measured side and its counterpart on a processor each" : "not pinned";
  return `after ${warmUpSeconds} s of warm-up, ${rounds} ${rounds === 1 ? "round" : "rounds"}, ${where}`;
}
