import type { Command } from "commander";
import type { RunRecorderOptions } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import type { AgentPool, LoadPlan, LoadProtocol, Report, RunOptions } from "../load/mod.ts";
import { commandLine } from "./command-line.ts";
import { EXIT } from "./failure.ts";
import { openAgents } from "./load-agents.ts";
import { mustHaveStats } from "./load-plan.ts";
import { mustFit } from "./load-preflight.ts";
import type { ResultWords } from "./load-result-options.ts";
import { environmentToken, findLimitShown, runShown, showReport, USUAL_INSTANCE } from "./load-run.ts";
import { fileTarget, jsonTarget } from "./output.ts";
import { pushPlan } from "./push.ts";
import { stopper } from "./stopper.ts";

/**
 * Runs a plan as its command line says, and writes the report wherever it was asked for.
 *
 * @returns the exit code
 * @throws {TenkError} when the plan does not fit this machine, or a file cannot be written
 */
export async function runCommanded<Plan extends LoadPlan>(
  protocol: LoadProtocol<Plan>,
  plan: Plan,
  words: ResultWords,
  command: Command,
  tap?: RunOptions["tap"],
): Promise<number> {
  const json = words.json === undefined ? undefined : jsonTarget(words.json);
  const push = pushPlan(words);
  const htmlFile = words.html === undefined ? undefined : fileTarget(words.html);
  let page = "";
  const shown = {
    title: `tenk load ${plan.traffic.kind} ${plan.target}`,
    live: words.live,
    push,
    html:
      htmlFile &&
      ((text: string) => {
        page = text;
      }),
    command: commandLine(wordsOf(command)),
    keepAt: words.save ? instancesFor(words.statsUrl, plan) : undefined,
    statsToken: words.statsUrl === undefined ? undefined : environmentToken(process.env),
    ...(tap ? { tap } : {}),
    ...(words.vary ? { vary: words.vary } : {}),
  };
  if (words.agents === undefined) mustFit(plan);
  else if (tap !== undefined)
    throw new TenkError("usage", "--dump-… shows traffic of this machine: leave out --agents");
  if (words.statsUrl !== undefined) await mustHaveStats(protocol, plan);
  const agents = await agentsFor(plan, words);
  if (agents === "stopped") return EXIT.stopped;
  let report: Report;
  try {
    const run = words.findLimit ? findLimitShown : runShown;
    report = await run(protocol, plan, agents === undefined ? shown : { ...shown, agents });
  } finally {
    await agents?.close();
  }
  // A disk that has become full meanwhile costs the file, not the report.
  try {
    return showReport(report, json);
  } finally {
    htmlFile?.(page);
  }
}

/** Waits for agents, where they are wanted. */
async function agentsFor(plan: LoadPlan, words: ResultWords): Promise<AgentPool | undefined | "stopped"> {
  using stop = stopper("no longer waiting for agents");
  try {
    return await openAgents(words, plan, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return "stopped";
    throw error;
  }
}

/** All words behind the program's name. */
function wordsOf(command: Command): readonly string[] {
  let root = command;
  while (root.parent !== null) root = root.parent;
  return (root as Command & { readonly rawArgs: readonly string[] }).rawArgs;
}

/** The instance that was named; else the target if it is tenk on this machine, or the usual one. */
function instancesFor(named: string | undefined, { statsUrl }: LoadPlan): RunRecorderOptions["instances"] {
  const usual = { url: new URL(USUAL_INSTANCE), isNamed: false };
  if (statsUrl === false) return [usual];
  const asked = { url: new URL("..", statsUrl), isNamed: named !== undefined };
  return asked.isNamed ? [asked] : [asked, usual];
}

/** The log level that `--verbose` or `-v` asks for. */
export function logLevel({ verbose, v }: Pick<ResultWords, "verbose" | "v">): "error" | "info" | "debug" {
  const level = verbose ?? (v ? 2 : 1);
  return level === 0 ? "error" : level === 1 ? "info" : "debug";
}
