/** What two load tests differ by, and what of it says something: the page and `tenk runs compare` tell the same. Pure. */
import type { RunAnswer, RunColumn, RunReport, RunSeries } from "./run.ts";

/**
 * What a difference is worth: of two single runs only what is larger than their own scatter says something, and nothing at all
 * where the plans already asked for it (`planned`).
 */
export type Worth = "same" | "within scatter" | "perhaps" | "clear" | "planned";

/** One number of two runs; null where a run has none. */
export interface Difference {
  readonly name: string;
  readonly unit: "count" | "us" | "percent" | "bytes";
  readonly a: number | null;
  readonly b: number | null;
  /** b as a share of a, less one, of what is judged: see `per`. Null where a is 0, or either is not there. */
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
  /** What of the plan sets the value: where the plans differ in it, the value says nothing of how it went. */
  readonly setBy?: readonly PlanPart[];
  /** Where it is set by the plan, it is judged as a share of this. */
  readonly per?: { readonly name: string; readonly of: (report: RunReport) => number };
}

type PlanPart = "connections" | "connectRate" | "ratePerConnection" | "totalRate" | "shape" | "durationMs";
const LOAD: readonly PlanPart[] = ["connections", "ratePerConnection", "totalRate", "shape"];
const AMOUNT: readonly PlanPart[] = [...LOAD, "durationMs"];
const PER_CONNECTION = { name: "per connection", of: ({ plan }: RunReport) => plan.connections };
const OF_PLANNED = { name: "of those planned", of: ({ plan }: RunReport) => plan.connections };
const PER_MESSAGE = { name: "per message", of: ({ messages }: RunReport) => messages.planned };

const ROWS: readonly Row[] = [
  {
    name: "connections held",
    of: ({ connections }) => connections.peak,
    unit: "count",
    better: "more",
    setBy: ["connections"],
    per: OF_PLANNED,
  },
  {
    name: "connections failed",
    of: ({ connections }) => connections.failed,
    unit: "count",
    better: "less",
    setBy: ["connections"],
    per: PER_CONNECTION,
  },
  {
    name: "connections lost",
    of: ({ connections }) => connections.lost,
    unit: "count",
    better: "less",
    setBy: ["connections"],
    per: PER_CONNECTION,
  },
  {
    name: "sent a second",
    of: ({ messages }) => messages.perSecondSent,
    unit: "count",
    better: "more",
    column: "sentPerSecond",
    setBy: LOAD,
  },
  {
    name: "late",
    of: ({ messages }) => messages.late,
    unit: "count",
    better: "less",
    grain: 5,
    setBy: AMOUNT,
    per: PER_MESSAGE,
  },
  {
    name: "dropped",
    of: ({ messages }) => messages.dropped,
    unit: "count",
    better: "less",
    setBy: AMOUNT,
    per: PER_MESSAGE,
  },
  {
    name: "unanswered",
    of: ({ messages }) => messages.unanswered,
    unit: "count",
    better: "less",
    setBy: AMOUNT,
    per: PER_MESSAGE,
  },
  {
    name: "unexpected replies",
    of: ({ messages }) => messages.unexpected,
    unit: "count",
    better: "less",
    setBy: AMOUNT,
    per: PER_MESSAGE,
  },
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
  {
    name: "server processor",
    of: ({ server }) => server?.cpuPercent,
    unit: "percent",
    better: "less",
    grain: 2,
    setBy: LOAD,
  },
  { name: "server per message", of: serverPerMessage, unit: "us", better: "less" },
  {
    name: "server memory",
    of: ({ server }) => server?.rssBytes,
    unit: "bytes",
    better: "less",
    grain: 2 ** 20,
    setBy: ["connections"],
  },
  {
    name: "generator processor",
    of: ({ generator }) => generator.cpuPercent,
    unit: "percent",
    better: "less",
    column: "generatorCpuPercent",
    grain: 2,
    setBy: LOAD,
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
    const { name, unit } = row;
    const [from, to] = [numberOf(row.of(a.report)), numberOf(row.of(b.report))];
    if (from === null || to === null) return { name, unit, a: from, b: to, change: null, verdict: null, words: "" };
    return {
      name,
      unit,
      a: from,
      b: to,
      ...(isSetByPlan(row, a, b) ? judgedShare(row, a, b) : judged(row, a, b, from, to)),
    };
  });
}

type Judgement = Pick<Difference, "change" | "verdict" | "words">;

function judged({ better, column, grain = 0 }: Row, a: Compared, b: Compared, from: number, to: number): Judgement {
  const errors = column === undefined ? undefined : errorsApart(a.series, b.series, column);
  const verdict = verdictOf(from, to, grain, errors);
  return { change: changeOf(from, to), verdict, words: wordsFor(verdict, to > from === (better === "more")) };
}

/** The plans differ in what sets the value: it is judged as a share, `clearly worse, per message`, or not at all. */
function judgedShare(row: Row, a: Compared, b: Compared): Judgement {
  const { per, of, better, grain = 0 } = row;
  const [whole, other] = [per?.of(a.report) ?? 0, per?.of(b.report) ?? 0];
  const [from, to] = [numberOf(of(a.report)) ?? 0, numberOf(of(b.report)) ?? 0];
  if (per === undefined || !(whole > 0) || !(other > 0))
    return { change: changeOf(from, to), verdict: "planned", words: "set by the plan" };
  // As if both had had the first one's plan.
  const scaled = (to * whole) / other;
  const verdict = verdictOf(from, scaled, grain, undefined);
  const words = `${wordsFor(verdict, scaled > from === (better === "more"))}, ${per.name}`;
  return { change: changeOf(from, scaled), verdict, words };
}

function changeOf(from: number, to: number): number | null {
  return from === 0 ? null : to / from - 1;
}

function isSetByPlan({ setBy = [] }: Row, a: Compared, b: Compared): boolean {
  const [one, other] = [a.report.plan, b.report.plan];
  // A report of another version may lack it.
  return one !== undefined && other !== undefined && setBy.some((part) => one[part] !== other[part]);
}

/** What a message cost the target, in microseconds of one core. */
function serverPerMessage({ server, messages }: RunReport): number | undefined {
  return server && messages.perSecondSent > 0 ? (server.cpuPercent * 1e4) / messages.perSecondSent : undefined;
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
