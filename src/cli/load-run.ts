import { type KeptRun, RunRecorder, type RunRecorderOptions, usualDataFolder, VERSION } from "../app/mod.ts";
import { logOf } from "../base/mod.ts";
import { outcomeOf, reportHtml, runSeries } from "../dash/mod.ts";
import {
  findLimit,
  type Limit,
  LoadControl,
  type LoadPlan,
  type LoadProtocol,
  type LoadSnapshot,
  type Report,
  type RunOptions,
  runLoad,
} from "../load/mod.ts";
import { EXIT } from "./failure.ts";
import { readKeys } from "./keys.ts";
import { limitText, stepLine } from "./limit-text.ts";
import { liveView } from "./live.ts";
import { type JsonTarget, print } from "./output.ts";
import { LoadPush, type PushPlan } from "./push.ts";
import { reportText } from "./report-text.ts";
import { stopper } from "./stopper.ts";
import { paintsFor, stderr } from "./terminal.ts";

export interface ShownRun {
  /** The first line of the live view. */
  readonly title: string;
  /** Draw the live view on a terminal, rather than write one line a second. */
  readonly live: boolean;
  readonly tap?: RunOptions["tap"];
  /** Machines that run it instead of this one. */
  readonly agents?: RunOptions["agents"];
  readonly push?: PushPlan | undefined;
  /** The command line, to be run again. @default {not in the report} */
  readonly command?: string | undefined;
  /** Instances that may show the run as it goes; the run is kept there or in the data folder. @default {not kept} */
  readonly keepAt?: RunRecorderOptions["instances"] | undefined;
  /** Sent to the instance that `--stats-url` names, if it is elsewhere. */
  readonly statsToken?: string | undefined;
  /** Gets the report with its charts, as one page; writing it is for later, when the report has been printed. */
  readonly html?: ((text: string) => void) | undefined;
}

const MOST_SNAPSHOTS = 20_000;

/** Where tenk serves its dashboard by default. */
export const USUAL_INSTANCE = "http://127.0.0.1:9190/";

/** Runs a plan with a live view and its keys. Ctrl-C and `q` end it early, with a complete report. */
export function runShown<Plan extends LoadPlan>(
  protocol: LoadProtocol<Plan>,
  plan: Plan,
  shown: ShownRun,
): Promise<Report> {
  return showing(plan, shown, (options) => runLoad(protocol, plan, options));
}

/** Runs a plan again and again, at more and more load; Ctrl-C ends the search with what is known by then. */
export function findLimitShown<Plan extends LoadPlan>(
  protocol: LoadProtocol<Plan>,
  plan: Plan,
  { vary, ...shown }: ShownRun & { readonly vary?: Limit["vary"] },
): Promise<Report & { limit: Limit }> {
  const onStep = (step: Limit["curve"][number]) => stderr.line(stepLine(step));
  return showing(plan, shown, (options) =>
    findLimit(protocol, plan, { ...options, onStep, ...(vary ? { vary } : {}) }),
  );
}

async function showing<Result extends Report>(
  plan: LoadPlan,
  { title, live, tap, agents, push: pushPlan, command, keepAt, statsToken, html }: ShownRun,
  run: (options: RunOptions) => Promise<Result>,
): Promise<Result> {
  using stop = stopper("ending early");
  const control = new LoadControl();
  const actions = {
    end: () => {
      if (!stop.signal.aborted) stop.request();
    },
    interrupt: stop.request,
    scaleRate: (factor: number) => control.scaleRate(factor),
  };
  using keys = live ? readKeys(actions) : undefined;
  using view = liveView(stderr, { title, keys: keys ? "q ends · + - change the rate" : "", live });
  const push = pushPlan && new LoadPush(pushPlan, plan.target);
  const startedAt = Date.now();
  let snapshots: LoadSnapshot[] = [];
  const keeper = keepAt === undefined ? undefined : keeperOf(plan, keepAt);
  try {
    const measured = await run({
      onSnapshot(snapshot) {
        view.show(snapshot);
        push?.take(snapshot);
        keeper?.take(snapshot);
        if (html !== undefined) snapshots = kept(snapshots, snapshot);
      },
      signal: stop.signal,
      control,
      version: VERSION,
      ...(tap ? { tap } : {}),
      ...(agents ? { agents } : {}),
      ...(statsToken ? { statsToken } : {}),
    });
    const report = command === undefined ? measured : { ...measured, command };
    html?.(await reportHtml(report, runSeries(snapshots), { startedAt }));
    const saved = await keeper?.finish(report);
    if (saved !== undefined) logKept(saved, keeper?.problem);
    return report;
  } finally {
    await push?.end();
  }
}

/** Logs where the run can be seen: `tenk runs` reads only this user's data folder, other places have a dashboard. */
function logKept({ id, instance, isInFolder }: KeptRun, problem: string | undefined): void {
  const log = logOf("load");
  if (problem !== undefined) log.warn("run not kept by the instance that --stats-url names", { why: problem });
  if (isInFolder || instance === undefined) log.info("run kept", { id, show: `tenk runs show ${id}` });
  else {
    const where = /^\d+$/.test(id) ? "run kept by the instance" : "run kept by the instance, in memory only";
    log.info(where, { id, show: new URL(`#/runs/${id}`, instance).href });
  }
}

/** Keeps every second snapshot of a long run, then every fourth, and so on. */
function kept(snapshots: LoadSnapshot[], latest: LoadSnapshot): LoadSnapshot[] {
  snapshots.push(latest);
  return snapshots.length <= MOST_SNAPSHOTS ? snapshots : snapshots.filter((_, index) => index % 2 === 0);
}

function keeperOf({ target }: LoadPlan, boxes: RunRecorderOptions["instances"]): RunRecorder {
  return new RunRecorder({
    target,
    instances: boxes,
    dataFolder: usualDataFolder(),
    environmentToken: environmentToken(process.env),
  });
}

/** Returns the token for an instance that is not this user's on this machine. */
export function environmentToken({ TENK_TOKEN }: NodeJS.ProcessEnv): string | undefined {
  return TENK_TOKEN !== undefined && /^[\x21-\x7e]+$/.test(TENK_TOKEN) ? TENK_TOKEN : undefined;
}

/** Prints a report where it was asked for. @returns the exit code of its verdict */
export function showReport(report: Report & { limit?: Limit }, json: JsonTarget | undefined): number {
  const paints = paintsFor(json?.isStdout ? process.stderr : process.stdout);
  const limit = report.limit ? `\n\n${limitText(report.limit, paints)}` : "";
  const text = `\n${reportText(report, paints)}${limit}`;
  if (json?.isStdout) stderr.line(text);
  else print(text);
  json?.write(report);
  const outcome = outcomeOf(report);
  return outcome === "not found" ? EXIT.failed : EXIT[outcome];
}
