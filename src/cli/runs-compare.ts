import type { FinishedRun, RunSeries } from "../app/mod.ts";
import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import type { Report } from "../load/mod.ts";

/** One number of two runs. */
export interface Difference {
  readonly name: string;
  readonly a: number;
  readonly b: number;
  /** b as a share of a, less one; null where a is 0. */
  readonly change: number | null;
  /** What the difference is worth: of two single runs only what is larger than their own scatter says something. */
  readonly verdict: "same" | "within scatter" | "perhaps" | "clear";
  /** As people read them. */
  readonly text: readonly [a: string, b: string];
}

interface Row {
  readonly name: string;
  readonly of: (report: Report) => number | undefined;
  readonly format: (value: number) => string;
  /** The column of the seconds this is the mean of, where there is one. */
  readonly column?: string;
  /** What two equal runs differ by, in the value's own unit: clocks and schedulers are not finer. @default {0} */
  readonly grain?: number;
}

const us = (value: number) => formatDuration(value / 1000);
const whole = (value: number) => formatCount(Math.round(value));
const percent = (value: number) => `${value.toFixed(1)}%`;

const ROWS: readonly Row[] = [
  { name: "connections held", of: (report) => report.connections.peak, format: whole },
  { name: "connections failed", of: (report) => report.connections.failed, format: whole },
  { name: "connections lost", of: (report) => report.connections.lost, format: whole },
  { name: "sent a second", of: (report) => report.messages.perSecondSent, format: whole, column: "sentPerSecond" },
  { name: "late", of: (report) => report.messages.late, format: whole, grain: 5 },
  { name: "dropped", of: (report) => report.messages.dropped, format: whole },
  { name: "connect p99", of: (report) => report.latencyUs.connect.p99, format: us, grain: 100 },
  { name: "message p50", of: (report) => report.latencyUs.message.p50, format: us, grain: 50 },
  { name: "message p99", of: (report) => report.latencyUs.message.p99, format: us, grain: 100 },
  { name: "message max", of: (report) => report.latencyUs.message.max, format: us, grain: 1000 },
  { name: "server processor", of: (report) => report.server?.cpuPercent, format: percent, grain: 2 },
  { name: "server memory", of: (report) => report.server?.rssBytes, format: formatBytes, grain: 2 ** 20 },
  {
    name: "generator processor",
    of: (report) => report.generator.cpuPercent,
    format: percent,
    column: "generatorCpuPercent",
    grain: 2,
  },
];

/** Two equal runs of one machine differ by so much, whatever they measure. */
const USUAL_SCATTER = 0.05;
const CLEAR_SCATTER = 0.2;
/** Differences of means in their standard errors (Welch): seconds of one run are not quite independent, hence no 2. */
const PERHAPS_ERRORS = 3;
const CLEAR_ERRORS = 6;

export function compareRuns(a: FinishedRun, b: FinishedRun): Difference[] {
  const [reportA, reportB] = [a.report as unknown as Report, b.report as unknown as Report];
  return ROWS.flatMap((row) => {
    const [from, to] = [row.of(reportA), row.of(reportB)];
    if (from === undefined || to === undefined) return [];
    const change = from === 0 ? null : to / from - 1;
    const seconds = row.column === undefined ? undefined : errorsApart(a.series, b.series, row.column);
    const verdict = verdictOf(from, to, row.grain ?? 0, seconds);
    return [{ name: row.name, a: from, b: to, change, verdict, text: [row.format(from), row.format(to)] as const }];
  });
}

/** @param errors how many standard errors the means are apart, where seconds are known */
export function verdictOf(from: number, to: number, grain: number, errors: number | undefined): Difference["verdict"] {
  const apart = Math.abs(to - from);
  if (apart === 0) return "same";
  const share = apart / Math.max(Math.abs(from), Math.abs(to));
  if (apart <= grain || share < 0.005) return "within scatter";
  if (errors !== undefined) {
    if (errors < PERHAPS_ERRORS) return "within scatter";
    return errors < CLEAR_ERRORS || share < USUAL_SCATTER ? "perhaps" : "clear";
  }
  if (share < USUAL_SCATTER) return "within scatter";
  return share < CLEAR_SCATTER ? "perhaps" : "clear";
}

/** undefined where there are too few seconds to tell. */
function errorsApart(a: RunSeries, b: RunSeries, column: string): number | undefined {
  const [left, right] = [steady(a, column), steady(b, column)];
  if (left.length < 5 || right.length < 5) return undefined;
  const [meanA, errorA] = meanAndError(left);
  const [meanB, errorB] = meanAndError(right);
  const error = Math.hypot(errorA, errorB);
  return error === 0 ? (meanA === meanB ? 0 : Number.POSITIVE_INFINITY) : Math.abs(meanA - meanB) / error;
}

/** The seconds in which all connections were open and something was sent, without the first and the last of them. */
function steady({ columns }: RunSeries, column: string): number[] {
  const { sentPerSecond: sent = [], connectionsOpen: open = [] } = columns;
  const most = Math.max(...open.map((count) => count ?? 0));
  const values = columns[column] ?? [];
  const whole = values.filter((value, at) => value !== null && (sent[at] ?? 0) > 0 && open[at] === most);
  return whole.slice(1, -1) as number[];
}

function meanAndError(values: readonly number[]): [mean: number, error: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return [mean, Math.sqrt(variance / values.length)];
}
