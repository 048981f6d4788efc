import { RunKeeper, usualDataFolder, VERSION } from "../app/mod.ts";
import { logOf } from "../base/mod.ts";
import { outcomeOf, reportHtml, runSeries } from "../dash/mod.ts";
import {
  findLimit,
  type Limit,
  LoadControl,
  type LoadSnapshot,
  type Report,
  type RunOptions,
  runTcp,
  type TcpPlan,
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
  readonly push?: PushPlan | undefined;
  /** The command line, to be run again. @default {not told} */
  readonly command?: string | undefined;
  /** Where a box may be that shows the run as it goes; the run is kept there or in the data folder. @default {not kept} */
  readonly keepAt?: string | undefined;
  /** Gets the report with its charts, as one page; writing it is for later, when the report has been printed. */
  readonly html?: ((text: string) => void) | undefined;
}

const MOST_SNAPSHOTS = 20_000;

/** Where a box is unless something else is said. */
export const USUAL_BOX = "http://127.0.0.1:9190/";

/** Runs a plan, shown live, with its keys. Ctrl-C and `q` end it early; the report is whole all the same. */
export function runShown(plan: TcpPlan, shown: ShownRun): Promise<Report> {
  return showing(plan, shown, (options) => runTcp(plan, options));
}

/** Runs a plan again and again, at more and more load; Ctrl-C ends the search with what is known by then. */
export function findLimitShown(
  plan: TcpPlan,
  { vary, ...shown }: ShownRun & { readonly vary?: Limit["vary"] },
): Promise<Report & { limit: Limit }> {
  const onStep = (step: Limit["curve"][number]) => stderr.line(stepLine(step));
  return showing(plan, shown, (options) => findLimit(plan, { ...options, onStep, ...(vary ? { vary } : {}) }));
}

async function showing<Result extends Report>(
  plan: TcpPlan,
  { title, live, tap, push: pushPlan, command, keepAt, html }: ShownRun,
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
    });
    const report = command === undefined ? measured : { ...measured, command };
    html?.(await reportHtml(report, runSeries(snapshots), { startedAt }));
    const id = await keeper?.finish(report);
    if (id !== undefined) sayKept(id, keepAt!);
    return report;
  } finally {
    await push?.end();
  }
}

/** A box that cannot write, or is not to, keeps runs as long as it is up: `tenk runs` reads the disk. */
function sayKept(id: string, boxUrl: string): void {
  const log = logOf("load");
  if (/^\d+$/.test(id)) log.info("run kept", { id, show: `tenk runs show ${id}` });
  else log.info("run kept by the box, in memory only", { id, show: new URL(`#/runs/${id}`, boxUrl).href });
}

/** Of a run of days every second one will do, then every fourth. */
function kept(snapshots: LoadSnapshot[], latest: LoadSnapshot): LoadSnapshot[] {
  snapshots.push(latest);
  return snapshots.length <= MOST_SNAPSHOTS ? snapshots : snapshots.filter((_, index) => index % 2 === 0);
}

function keeperOf({ target }: TcpPlan, boxUrl: string): RunKeeper {
  return new RunKeeper({ target, boxUrl, dataFolder: usualDataFolder() });
}

/** Prints a report where it was asked for. @returns the exit code its verdict stands for */
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
