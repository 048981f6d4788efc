/**
 * Load tests as the page shows them: the fields of `tenk load`'s snapshots and reports that the page reads, and the series of
 * a run, which are its snapshots as columns.
 */

/** The fields of a snapshot that are shown; `LoadSnapshot` of `load/` has them. JSON turns an endless duration into null. */
export interface RunSnapshot {
  readonly elapsedMs: number;
  readonly phase: string;
  readonly durationMs: number | null;
  readonly connections: {
    readonly wanted: number;
    readonly open: number;
    readonly opened: number;
    readonly failed: number;
    readonly lost: number;
  };
  readonly messages: {
    readonly planned: number;
    readonly sent: number;
    readonly late: number;
    readonly dropped: number;
    readonly received: number;
    readonly perSecondSent: number;
    readonly perSecondReceived: number;
  };
  readonly bytes: {
    readonly sent: number;
    readonly received: number;
    readonly perSecondSent: number;
    readonly perSecondReceived: number;
  };
  readonly latencyUs: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** Of the last second: latencies, or how late messages left where nothing is answered. */
  readonly lastSecondUs: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    readonly delayP99: number;
    readonly delayMax: number;
  };
  /** Of HTTP. */
  readonly protocol?: { readonly model: string; readonly errors: number; readonly wrong: number };
  readonly generator: {
    readonly cpuPercent: number;
    readonly loopLagP99Us: number;
    readonly rssBytes: number;
    readonly debtMessages: number;
  };
}

/** Any of it may be missing. */
type Partially<Value> = {
  readonly [Key in keyof Value]?: Value[Key] extends object ? Partially<Value[Key]> | null : Value[Key];
};

/** `event: run` of `/api/live`: the run in progress, or null when there is none any more. */
export interface LiveRun {
  /** Of this run, the same in every snapshot. */
  readonly id: string;
  readonly target: string;
  /** As its generator sent it, which may be another version, or not tenk. */
  readonly snapshot: Pick<RunSnapshot, "elapsedMs" | "phase"> & Partially<RunSnapshot>;
  /** The part of its course that this stream has not sent yet: first all of it, then what is new. */
  readonly series: RunSeries;
  /** When its generator last sent something, ms since 1970: only where it went silent without an end. */
  readonly lostAt?: number;
}

interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly count: number;
  /** How many of `count` never ended: a percentile from `fromUs` on is a lower bound. */
  readonly atLeast?: { readonly count: number; readonly fromUs: number };
}

/** The fields of a report that are shown; `Report` of `load/` has them. */
export interface RunReport {
  readonly kind: string;
  readonly target: string;
  readonly plan: {
    readonly connections: number;
    readonly ratePerConnection: number;
    readonly connectRate: number;
    readonly durationMs: number | null;
    readonly totalRate: number;
    readonly shape: string;
    readonly workers: number;
    /** How the message begins; null where nothing is sent; older runs lack it. */
    readonly message?: string | null;
    /** Its greatest length. */
    readonly messageBytes?: number;
    /** Messages that end the run. */
    readonly maxMessages?: number;
  };
  /** The command line, to be run again. */
  readonly command?: string;
  readonly connections: {
    readonly opened: number;
    readonly peak: number;
    readonly failed: number;
    readonly lost: number;
    readonly byCause: Readonly<Record<string, number>>;
  };
  readonly messages: {
    readonly planned: number;
    readonly sent: number;
    readonly late: number;
    /** Of the late ones. */
    readonly lateForReply?: number;
    readonly dropped: number;
    readonly received: number;
    readonly unanswered: number;
    /** Older reports lack it. */
    readonly unexpected?: number;
    readonly droppedBy?: Readonly<Record<string, number>>;
    readonly perSecondSent: number;
  };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly latencyUs: {
    readonly connect: Latencies;
    readonly firstByte: Latencies;
    readonly message: Latencies;
    readonly service: Latencies;
    readonly send: Latencies;
  };
  /** Of HTTP and WebSocket: what came back. */
  readonly protocol?: HttpSection | WebSocketSection | DnsSection;
  readonly server: {
    readonly received: number;
    readonly connectionsPeak: number;
    readonly cpuPercent: number;
    readonly rssBytes: number;
    readonly userBytesPerConnection: number;
  } | null;
  /** Why `server` is null. */
  readonly serverNote?: string;
  readonly generator: {
    readonly cpuPercent: number;
    readonly cpuUsPerMessage: number;
    readonly rssBytes: number;
    readonly loopLagP99Us: number;
    readonly saturated: boolean;
    readonly saturation: readonly string[];
  };
  readonly timing: { readonly connectMs: number; readonly sendMs: number; readonly drainMs: number };
  readonly endedBy: string | null;
  readonly limit?: { readonly knee: number };
  readonly verdict: {
    readonly pass: boolean;
    readonly reason: string;
    readonly checks: readonly { readonly expect: string; readonly got: string; readonly pass: boolean }[];
  };
}

/** What the answers of HTTP were. */
export interface HttpSection {
  readonly kind: "http";
  readonly version?: string;
  readonly url?: string;
  readonly model: string;
  /** Parts of a connect. */
  readonly latencyUs?: { readonly [Name in "lookup" | "tcp" | "tls" | "tlsResumed"]?: Latencies };
  readonly perSecond: number;
  readonly status: Readonly<Record<string, number>>;
  readonly wrongStatus: number;
  readonly wrongBody: number | null;
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Each URL by itself, where there are several. */
  readonly requests?: readonly {
    readonly name: string;
    readonly sent: number;
    readonly errors: number;
    readonly status: Readonly<Record<string, number>>;
    readonly latencyUs: Readonly<Record<"p50" | "p90" | "p99", number>>;
  }[];
}

/** Returns the section of HTTP; undefined for a run of another protocol. */
export function httpSection({ protocol }: Pick<RunReport, "protocol">): HttpSection | undefined {
  return protocol?.kind === "http" ? protocol : undefined;
}

/** What came over WebSocket. */
export interface WebSocketSection {
  readonly kind: "ws";
  readonly messages: number;
  readonly contentBytes: number;
  readonly pings: { readonly sent: number; readonly answered: number; readonly received: number };
  readonly closes: Readonly<Record<string, number>>;
  readonly errorsBy: Readonly<Record<string, number>>;
  readonly latencyUs: { readonly ping?: Latencies };
}

/** What the answers of DNS were. */
export interface DnsSection {
  readonly kind: "dns";
  readonly mode: string;
  readonly model: string;
  /** Parts of a connect. */
  readonly latencyUs?: { readonly [Name in "lookup" | "tcp" | "tls"]?: Latencies };
  readonly perSecond: number;
  readonly rcodes: Readonly<Record<string, number>>;
  readonly wrongRcode: number;
  readonly truncated: number;
  readonly mismatched: number;
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Each file by itself, where there are several. */
  readonly files?: readonly {
    readonly name: string;
    readonly sent: number;
    readonly errors: number;
    readonly rcodes: Readonly<Record<string, number>>;
    readonly latencyUs: Readonly<Record<"p50" | "p90" | "p99", number>>;
  }[];
}

export type RunOutcome = "pass" | "failed" | "stopped" | "not found";

/** The fields of a report that decide its outcome. */
interface Ended {
  readonly verdict: { readonly pass: boolean; readonly checks: readonly { readonly pass: boolean }[] };
  readonly endedBy: string | null;
  /** Of a search for a limit. */
  readonly limit?: { readonly knee: number } | undefined;
}

/** Returns the outcome: a run that was stopped has failed only where an expectation had broken by then. */
export function outcomeOf({ verdict, endedBy, limit }: Ended): RunOutcome {
  if (verdict.pass) return "pass";
  if (endedBy === "stopped" && verdict.checks.every(({ pass }) => pass)) return "stopped";
  return limit !== undefined && limit.knee > 0 ? "not found" : "failed";
}

/** The values that a run's charts draw, in the order of the columns of `RunSeries`. */
export const RUN_COLUMNS = [
  "connectionsOpen",
  "sentPerSecond",
  "receivedPerSecond",
  "bytesSentPerSecond",
  "bytesReceivedPerSecond",
  "p50Us",
  "p99Us",
  "maxUs",
  "secondP50Us",
  "secondP99Us",
  "secondMaxUs",
  "secondDelayP99Us",
  "secondDelayMaxUs",
  "generatorCpuPercent",
  "generatorLagP99Us",
  "dropped",
] as const;
export type RunColumn = (typeof RUN_COLUMNS)[number];

/** The course of a run: milliseconds since it began, and for each a value of every column. */
export interface RunSeries {
  readonly elapsedMs: readonly number[];
  readonly columns: Readonly<Record<RunColumn, readonly (number | null)[]>>;
}

/** One line of `GET /api/runs`, the newest first. */
export interface RunLine {
  readonly id: string;
  readonly startedAt: number;
  readonly target: string;
  /** `pass`, `fail`, `stopped` or `not found`. */
  readonly verdict: string;
  readonly reason?: string;
  /** As in the report; runs that older versions kept have none. */
  readonly plan?: RunReport["plan"];
  readonly connections: number;
  readonly perSecondSent: number;
  readonly p99Us: number;
  readonly durationMs: number;
}

export interface RunsAnswer {
  readonly runs: readonly RunLine[];
}

/** `GET /api/runs/ID` */
export interface RunAnswer {
  readonly id: string;
  readonly startedAt: number;
  readonly report: RunReport;
  readonly series: RunSeries;
}

/**
 * Returns snapshots, the oldest first, as columns. A value without meaning in a phase (latency before the first answer) is
 * null.
 *
 * @param maxPoints of a longer run every second, third … snapshot is taken
 */
export function runSeries(snapshots: readonly RunSnapshot[], maxPoints = 2000): RunSeries {
  const every = Math.max(1, Math.ceil(snapshots.length / maxPoints));
  const kept = snapshots.filter((_, index) => index % every === 0 || index === snapshots.length - 1);
  const columns = {} as Record<RunColumn, (number | null)[]>;
  for (const column of RUN_COLUMNS) columns[column] = kept.map((snapshot) => runValue(snapshot, column));
  return { elapsedMs: kept.map(({ elapsedMs }) => elapsedMs), columns };
}

type Drawn = Omit<RunSnapshot, "protocol">;
type Place = {
  [Group in keyof Drawn]: Drawn[Group] extends object ? readonly [Group, keyof Drawn[Group]] : never;
}[keyof Drawn];

/** The place of each column in a snapshot. */
const PLACES: Readonly<Record<RunColumn, Place>> = {
  connectionsOpen: ["connections", "open"],
  sentPerSecond: ["messages", "perSecondSent"],
  receivedPerSecond: ["messages", "perSecondReceived"],
  bytesSentPerSecond: ["bytes", "perSecondSent"],
  bytesReceivedPerSecond: ["bytes", "perSecondReceived"],
  p50Us: ["latencyUs", "p50"],
  p99Us: ["latencyUs", "p99"],
  maxUs: ["latencyUs", "max"],
  secondP50Us: ["lastSecondUs", "p50"],
  secondP99Us: ["lastSecondUs", "p99"],
  secondMaxUs: ["lastSecondUs", "max"],
  secondDelayP99Us: ["lastSecondUs", "delayP99"],
  secondDelayMaxUs: ["lastSecondUs", "delayMax"],
  generatorCpuPercent: ["generator", "cpuPercent"],
  generatorLagP99Us: ["generator", "loopLagP99Us"],
  dropped: ["messages", "dropped"],
};

/** Returns a column's value of a snapshot; null too where it has no number there. */
export function runValue(snapshot: Partial<RunSnapshot>, column: RunColumn): number | null {
  const [group, field] = PLACES[column];
  const value = (snapshot[group] as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return (group === "latencyUs" || group === "lastSecondUs") && value <= 0 ? null : value;
}
