/** What two load tests differ by, and what of it says something: the page and `tenk runs compare` tell the same. Pure. */
import type { RunAnswer, RunColumn, RunReport, RunSeries } from "./run.ts";

/** What a difference is worth: of two single runs only what is larger than their own scatter says something. */
export type Worth = "same" | "within scatter" | "perhaps" | "clear";

/** One number of two runs; null where a run has none. */
export interface Difference {
  readonly name: string;
  readonly unit: "count" | "us" | "percent" | "bytes";
  readonly a: number | null;
  readonly b: number | null;
  /** b as a share of a, less one; null where a is 0, or either is not there. */
  readonly change: number | null;
  /** Null where either is not there. */
  readonly verdict: Worth | null;
  /** What it is worth and whether it is good, as people read it: `clearly worse`; empty where either is not there. */
  readonly words: string;
}

interface Row {
  readonly name: string;
  readonly of: (report: RunReport) => number | null | undefined;
  readonly unit: Difference["unit"];
  readonly better: "more" | "less";
  /** The column of the seconds this is the mean of, where there is one. */
  readonly column?: RunColumn;
  /** What two equal runs differ by, in the value's own unit: clocks and schedulers are not finer. @default {0} */
  readonly grain?: number;
}

const ROWS: readonly Row[] = [
  { name: "connections held", of: ({ connections }) => connections.peak, unit: "count", better: "more" },
  { name: "connections failed", of: ({ connections }) => connections.failed, unit: "count", better: "less" },
  { name: "connections lost", of: ({ connections }) => connections.lost, unit: "count", better: "less" },
  {
    name: "sent a second",
    of: ({ messages }) => messages.perSecondSent,
    unit: "count",
    better: "more",
    column: "sentPerSecond",
  },
  { name: "late", of: ({ messages }) => messages.late, unit: "count", better: "less", grain: 5 },
  { name: "dropped", of: ({ messages }) => messages.dropped, unit: "count", better: "less" },
  { name: "unanswered", of: ({ messages }) => messages.unanswered, unit: "count", better: "less" },
  { name: "unexpected replies", of: ({ messages }) => messages.unexpected, unit: "count", better: "less" },
  {
    name: "connect p99",
    of: ({ latencyUs }) => measured(latencyUs.connect, "p99"),
    unit: "us",
    better: "less",
    grain: 100,
  },
  {
    name: "message p50",
    of: ({ latencyUs }) => measured(latencyUs.message, "p50"),
    unit: "us",
    better: "less",
    grain: 50,
  },
  {
    name: "message p99",
    of: ({ latencyUs }) => measured(latencyUs.message, "p99"),
    unit: "us",
    better: "less",
    grain: 100,
  },
  {
    name: "message max",
    of: ({ latencyUs }) => measured(latencyUs.message, "max"),
    unit: "us",
    better: "less",
    grain: 1000,
  },
  { name: "server processor", of: ({ server }) => server?.cpuPercent, unit: "percent", better: "less", grain: 2 },
  { name: "server memory", of: ({ server }) => server?.rssBytes, unit: "bytes", better: "less", grain: 2 ** 20 },
  {
    name: "generator processor",
    of: ({ generator }) => generator.cpuPercent,
    unit: "percent",
    better: "less",
    column: "generatorCpuPercent",
    grain: 2,
  },
  { name: "generator per message", of: ({ generator }) => generator.cpuUsPerMessage, unit: "us", better: "less" },
];

/** A percentile of nothing is no number. */
function measured(latency: RunReport["latencyUs"]["message"], field: "p50" | "p99" | "max"): number | null {
  return latency.count > 0 ? latency[field] : null;
}

/** Two equal runs of one machine differ by so much, whatever they measure. */
const USUAL_SCATTER = 0.05;
const CLEAR_SCATTER = 0.2;
/** Differences of means in their standard errors (Welch): seconds of one run are not quite independent, hence no 2. */
const PERHAPS_ERRORS = 3;
const CLEAR_ERRORS = 6;

type Compared = Pick<RunAnswer, "report" | "series">;

export function compareRuns(a: Compared, b: Compared): Difference[] {
  return ROWS.map((row) => {
    const { name, unit, better, column } = row;
    const [from, to] = [numberOf(row.of(a.report)), numberOf(row.of(b.report))];
    if (from === null || to === null) return { name, unit, a: from, b: to, change: null, verdict: null, words: "" };
    const change = from === 0 ? null : to / from - 1;
    const errors = column === undefined ? undefined : errorsApart(a.series, b.series, column);
    const verdict = verdictOf(from, to, row.grain ?? 0, errors);
    const words = wordsFor(verdict, to > from === (better === "more"));
    return { name, unit, a: from, b: to, change, verdict, words };
  });
}

/** JSON has null for what is no number; a report of another version may lack it. */
function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function wordsFor(verdict: Worth, isBetter: boolean): string {
  if (verdict === "same" || verdict === "within scatter") return verdict;
  return `${verdict === "clear" ? "clearly" : "perhaps"} ${isBetter ? "better" : "worse"}`;
}

/** @param errors how many standard errors the means are apart, where seconds are known */
export function verdictOf(from: number, to: number, grain: number, errors: number | undefined): Worth {
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
function errorsApart(a: RunSeries, b: RunSeries, column: RunColumn): number | undefined {
  const [left, right] = [steady(a, column), steady(b, column)];
  if (left.length < 5 || right.length < 5) return undefined;
  const [meanA, errorA] = meanAndError(left);
  const [meanB, errorB] = meanAndError(right);
  const error = Math.hypot(errorA, errorB);
  return error === 0 ? (meanA === meanB ? 0 : Number.POSITIVE_INFINITY) : Math.abs(meanA - meanB) / error;
}

/** The seconds in which all connections were open and something was sent, without the first and the last of them. */
function steady({ columns }: RunSeries, column: RunColumn): number[] {
  const { sentPerSecond: sent = [], connectionsOpen: open = [] } = columns as Partial<typeof columns>;
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
