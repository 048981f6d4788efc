import { LoadControl, type Report, type RunOptions, runTcp, type TcpPlan } from "../load/mod.ts";
import { EXIT } from "./failure.ts";
import { readKeys } from "./keys.ts";
import { liveView } from "./live.ts";
import { type JsonTarget, print } from "./output.ts";
import { reportText } from "./report-text.ts";
import { stopper } from "./stopper.ts";
import { paintsFor, stderr } from "./terminal.ts";

export interface ShownRun {
  /** The first line of the live view. */
  readonly title: string;
  /** Draw the live view on a terminal, rather than write one line a second. */
  readonly live: boolean;
  readonly tap?: RunOptions["tap"];
}

/** Runs a plan, shown live, with its keys. Ctrl-C and `q` end it early; the report is whole all the same. */
export async function runShown(plan: TcpPlan, { title, live, tap }: ShownRun): Promise<Report> {
  using stop = stopper("ending early");
  const control = new LoadControl();
  const actions = {
    end: () => control.stop(),
    interrupt: stop.request,
    scaleRate: (factor: number) => control.scaleRate(factor),
  };
  using keys = live ? readKeys(actions) : undefined;
  using view = liveView(stderr, { title, keys: keys ? "q ends · + - change the rate" : "", live });
  return await runTcp(plan, {
    onSnapshot: (snapshot) => view.show(snapshot),
    signal: stop.signal,
    control,
    ...(tap ? { tap } : {}),
  });
}

/** Prints a report where it was asked for. @returns the exit code its verdict stands for */
export function showReport(report: Report, json: JsonTarget | undefined): number {
  const screen = json?.isStdout ? process.stderr : process.stdout;
  const text = `\n${reportText(report, paintsFor(screen))}`;
  if (json?.isStdout) stderr.line(text);
  else print(text);
  json?.write(report);
  return report.verdict.pass ? EXIT.pass : EXIT.failed;
}
