import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { Command, type Option } from "commander";
import { type FinishedRun, openRuns, type RunLine, usualDataFolder } from "../app/mod.ts";
import { fileProblemOf, formatCount, formatDuration, parseCount, systemCodeOf, TenkError } from "../base/mod.ts";
import { COMPARISON_NOTE, planDifferences, planWarning } from "../dash/mod.ts";
import type { Report } from "../load/mod.ts";
import { EXIT } from "./failure.ts";
import { examples, valueOption } from "./options.ts";
import { print } from "./output.ts";
import { visibleText } from "./report-rows.ts";
import { planLine, reportText, WRITER } from "./report-text.ts";
import { changeText, type PrintedDifference, printedDifferences } from "./runs-compare.ts";
import { fittedTable, table } from "./table.ts";
import { type Paints, paintsFor } from "./terminal.ts";

interface RunsOptions {
  data?: string;
  json?: boolean;
  limit?: number;
}

export function runsCommand(exit: (code: number) => void): Command {
  const command = new Command("runs").description("Past load tests: list them, show one, compare two.");
  const withShared = (each: Command) => each.addOption(folderOption()).option("--json", "print as JSON");
  const done = (text: string) => {
    print(text);
    exit(EXIT.pass);
  };
  withShared(command.command("list", { isDefault: true }))
    .description("The newest first.")
    .addOption(valueOption("--limit <n>", "how many", atLeastOne).default(20))
    .action(async (options: RunsOptions) => done(await listed(options)));
  withShared(command.command("show"))
    .description("One report.")
    .argument("<id>", "as tenk runs lists it")
    .action(async (id: string, options: RunsOptions) => done(await shown(id, options)));
  withShared(command.command("compare"))
    .description("Two runs side by side, with their plans, and what their differences are worth.")
    .argument("<a>", "the earlier one")
    .argument("<b>", "the later one")
    .action(async (a: string, b: string, options: RunsOptions) => done(await compared(a, b, options)));
  return command.addHelpText("after", examples("tenk runs", "tenk runs show 12", "tenk runs compare 12 13"));
}

function atLeastOne(text: string): number {
  const count = parseCount(text);
  if (count >= 1) return count;
  throw new TenkError("usage", `Cannot use "${text}": expected 1 or more`);
}

function folderOption(): Option {
  return valueOption("--data <folder>", "the data folder (default: the usual one)", (text) => resolve(text));
}

async function withRuns<Result>(
  { data }: RunsOptions,
  work: (runs: Awaited<ReturnType<typeof openRuns>>["runs"]) => Promise<Result>,
): Promise<Result> {
  const folder = data ?? usualDataFolder();
  requireReadable(folder, data !== undefined);
  const { runs, stop } = openRuns(folder);
  try {
    return await work(runs);
  } finally {
    await stop();
  }
}

/**
 * Checks the folder first, since a store that cannot be read looks like an empty one.
 *
 * @throws {TenkError} `file-unreadable`
 */
function requireReadable(folder: string, mustBeThere: boolean): void {
  try {
    readdirSync(folder);
  } catch (error) {
    if (!mustBeThere && systemCodeOf(error) === "ENOENT") return;
    const why = systemCodeOf(error) === "ENOENT" ? "there is no such directory" : fileProblemOf(error);
    throw new TenkError("file-unreadable", `Cannot read the load tests in ${folder}: ${why}`, {
      cause: error,
      hint: "--data FOLDER names another",
    });
  }
}

async function listed(options: RunsOptions): Promise<string> {
  const runs = await withRuns(options, (all) => all.list(options.limit ?? 20));
  if (options.json) return JSON.stringify({ runs }, null, 2);
  if (runs.length === 0) return "no load test is kept yet: tenk load keeps each one";
  const paints = paintsFor(process.stdout);
  const head = ["id", "when", "target", "connections", "sent/s", "p99", "took", "verdict", ""].map(paints.dim);
  // On a terminal a long reason is cut at the end of the line.
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  return fittedTable([head, ...runs.map((run) => lineOf(run, paints))], "rllrrrrll", width, []);
}

function lineOf(run: RunLine, { green, red, yellow }: Paints): string[] {
  const { id, startedAt, target, connections, perSecondSent, p99Us, durationMs, verdict, reason } = run;
  return [
    id,
    new Date(startedAt).toISOString().slice(0, 16).replace("T", " "),
    target,
    formatCount(connections),
    formatCount(Math.round(perSecondSent)),
    p99Us > 0 ? formatDuration(p99Us / 1000) : "",
    formatDuration(durationMs),
    (verdict === "pass" ? green : verdict === "fail" ? red : yellow)(verdict),
    verdict === "pass" ? "" : visibleText(reason),
  ];
}

/** @throws {TenkError} `usage` */
async function runOf(id: string, options: RunsOptions): Promise<FinishedRun> {
  const run = await withRuns(options, (runs) => runs.get(id));
  if (run !== undefined) return run;
  throw new TenkError("usage", `There is no run "${id}"`, { hint: "tenk runs lists them" });
}

async function shown(id: string, options: RunsOptions): Promise<string> {
  const run = await runOf(id, options);
  if (options.json) return JSON.stringify(run, null, 2);
  return reportText(run.report as unknown as Report, paintsFor(process.stdout));
}

async function compared(a: string, b: string, options: RunsOptions): Promise<string> {
  const [first, second] = [await runOf(a, options), await runOf(b, options)];
  const differences = printedDifferences(first, second);
  const [from, to] = [first.report as unknown as Report, second.report as unknown as Report];
  const planned = planDifferences(from, to, WRITER);
  if (options.json) {
    const plans = { a: { target: from.target, ...from.plan }, b: { target: to.target, ...to.plan } };
    return JSON.stringify({ a, b, plans, planDifferences: planned, differences }, null, 2);
  }
  const paints = paintsFor(process.stdout);
  const plans = [
    [paints.dim(a), planLine(from, paints)],
    [paints.dim(b), planLine(to, paints)],
  ];
  const differing = planWarning(planned);
  const warning = differing === undefined ? [] : [paints.yellow(visibleText(differing))];
  const rows = differences.map((each) => [each.name, ...each.text, changeText(each), verdictText(each, paints)]);
  const numbers = table([["", a, b, "change", ""].map(paints.dim), ...rows], "lrrrl");
  return [[table(plans, "ll"), ...warning].join("\n"), numbers, paints.dim(COMPARISON_NOTE)].join("\n\n");
}

function verdictText({ verdict, words }: PrintedDifference, { dim, bold, yellow }: Paints): string {
  return verdict === "clear" ? bold(words) : verdict === "perhaps" ? yellow(words) : dim(words);
}
