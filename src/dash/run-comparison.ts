/** The differences of two load tests, and which are significant: for the page and `tenk runs compare`. Pure. */
import { httpSection, type RunAnswer, type RunColumn, type RunReport, type RunSeries } from "./run.ts";

/**
 * How significant a difference is. Of two single runs only a difference above their own noise is, and none that the plans
 * set (`planned`).
 */
export type Worth = "same" | "within scatter" | "perhaps" | "clear" | "planned";

/** One number of two runs; null where a run has none. */
export interface Difference {
  readonly name: string;
  readonly unit: "count" | "us" | "percent" | "bytes";
  readonly a: number | null;
  readonly b: number | null;
  /** b / a - 1, of the value per unit where there is a `per`. Null where a is 0 or either is missing. */
  readonly change: number | null;
  /** Null where either is missing. */
  readonly verdict: Worth | null;
  /** The verdict in words: `clearly worse`; empty where either is missing. */
  readonly words: string;
}

interface Row {
  readonly name: string;
  readonly of: (report: RunReport) => number | null | undefined;
  readonly unit: Difference["unit"];
  readonly better: "more" | "less";
  /** The column of per-second values whose mean this is. */
  readonly column?: RunColumn;
  /** The difference between two equal runs, in the value's unit: clocks and schedulers are no finer. @default {0} */
  readonly grain?: number;
  /** The settings of the plan that set the value: where they differ, the value says nothing about how the run went. */
  readonly setBy?: readonly PlanPart[];
  /** Where the plan sets it, the value per unit of this is compared. */
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

/** What rows of messages are called where both runs sent requests. */
const REQUEST_NAMES: Readonly<Record<string, string>> = {
  "sent a second": "requests a second",
  "message p50": "response p50",
  "message p99": "response p99",
  "message max": "response max",
  "server per message": "server per request",
  "generator per message": "generator per request",
};

const PER_REQUEST = { ...PER_MESSAGE, name: "per request" };

const ERRORS: readonly Row[] = [
  {
    name: "errors",
    of: (report) => sumOf(httpSection(report)?.errorsBy ?? {}),
    unit: "count",
    better: "less",
    setBy: AMOUNT,
    per: PER_REQUEST,
  },
  {
    name: "answers not as expected",
    of: (report) => {
      const { wrongStatus = 0, wrongBody } = httpSection(report) ?? {};
      return wrongStatus + (wrongBody ?? 0);
    },
    unit: "count",
    better: "less",
    setBy: AMOUNT,
    per: PER_REQUEST,
  },
];

/** Rows of two runs over HTTP: in the closed model nothing is planned, and so nothing is late or dropped. */
function requestRows(isPlanned: boolean): Row[] {
  const isOf = ({ name }: Row) =>
    !/^(unanswered|unexpected)/.test(name) && (isPlanned || !/^(late|dropped)$/.test(name));
  const rows = ROWS.filter(isOf).map((row) => ({
    ...row,
    name: REQUEST_NAMES[row.name] ?? row.name,
    ...(row.per === PER_MESSAGE && { per: PER_REQUEST }),
  }));
  const before = rows.findIndex(({ name }) => name === "connect p99");
  return rows.toSpliced(before, 0, ...ERRORS);
}

function rowsFor(a: RunReport, b: RunReport): readonly Row[] {
  const [one, other] = [httpSection(a), httpSection(b)];
  if (one === undefined || other === undefined) return ROWS;
  return requestRows(one.model === "open" || other.model === "open");
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Null where nothing was measured. */
function measured(latency: RunReport["latencyUs"]["message"], field: "p50" | "p99" | "max"): number | null {
  return latency.count > 0 ? latency[field] : null;
}

/** Any value of two equal runs on one machine differs by so much. */
const USUAL_SCATTER = 0.05;
const CLEAR_SCATTER = 0.2;
/** Differences of means in their standard errors (Welch): seconds of one run are not quite independent, hence no 2. */
const PERHAPS_ERRORS = 3;
const CLEAR_ERRORS = 6;

type Compared = Pick<RunAnswer, "report" | "series">;

export function compareRuns(a: Compared, b: Compared): Difference[] {
  return rowsFor(a.report, b.report).map((row) => {
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

/** Compares a value that the plans set differently: per unit (`clearly worse, per message`), or not at all. */
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

/** Returns the target's CPU time per message in microseconds. */
function serverPerMessage({ server, messages }: RunReport): number | undefined {
  return server && messages.perSecondSent > 0 ? (server.cpuPercent * 1e4) / messages.perSecondSent : undefined;
}

/** JSON has null for NaN; a report of another version may lack the value. */
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
