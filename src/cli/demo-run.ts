import type { Command } from "commander";
import type { LoadPlan, LoadProtocol } from "../load/mod.ts";
import { type ChildInstance, startInstance } from "./child-instance.ts";
import { mustFit } from "./load-preflight.ts";
import { runShown, showReport } from "./load-run.ts";
import { startLogging } from "./logging.ts";
import { jsonTarget } from "./output.ts";
import { addPushOptions, type PushWords, pushPlan } from "./push.ts";
import { aborted, stopper } from "./stopper.ts";
import { paintsFor, stderr } from "./terminal.ts";

/** The options that every demo has. */
export interface DemoWords extends PushWords {
  readonly json?: string;
  readonly keep?: boolean;
  readonly live: boolean;
}

/** The duration with `--full`. */
export const FULL_MS = 240_000;

/** One demo: what it starts, and what it sends there. */
export interface Demo<Plan extends LoadPlan> {
  readonly title: string;
  readonly protocol: LoadProtocol<Plan>;
  /** Arguments of `tenk up` for the instance. */
  readonly instanceArgs: readonly string[];
  /** Where the instance serves, and what serves there: the first line. */
  where(instance: ChildInstance["ready"]): readonly [url: string, what: string];
  /** @param instance undefined for a plan that is only checked before anything is started */
  plan(instance: ChildInstance["ready"] | undefined): Plan;
}

/** Adds the options of `DemoWords`. */
export function addDemoOptions(command: Command): Command {
  return addPushOptions(command)
    .option("--json <file>", "write the report as JSON; - is standard output")
    .option("--keep", "leave tenk up after the report, until Ctrl-C")
    .option("--no-live", "no live view");
}

/**
 * Starts an instance in a process of its own, runs a load test against it, and reports.
 *
 * @returns the exit code
 */
export async function runDemo<Plan extends LoadPlan>(demo: Demo<Plan>, words: DemoWords): Promise<number> {
  await startLogging("info");
  const push = pushPlan(words);
  const json = words.json === undefined ? undefined : jsonTarget(words.json);
  mustFit(demo.plan(undefined));
  await using instance = await startInstance([...demo.instanceArgs, "--auto-port", "--log-level", "warn"], stderr);
  const { ready } = instance;
  const { bold, dim } = paintsFor(process.stderr);
  const [url, what] = demo.where(ready);
  stderr.line(`${bold(url)}  ${what}, process ${ready.pid}`);
  stderr.line(`${bold(`${ready.statusUrl}#/now`)}  ${dim("/healthz /metrics /api/status")}\n`);
  const plan = demo.plan(ready);
  const report = await runShown(demo.protocol, plan, {
    title: `${demo.title} ${plan.target}`,
    live: words.live,
    push,
    keepAt: [{ url: new URL(ready.statusUrl), isNamed: false }],
  });
  const code = showReport(report, json);
  if (words.keep) await keep(instance);
  return code;
}

async function keep(instance: ChildInstance): Promise<void> {
  using stop = stopper();
  stderr.line(`\ntenk stays up at ${instance.ready.statusUrl} until Ctrl-C`);
  await Promise.race([aborted(stop.signal), instance.ended]);
}
