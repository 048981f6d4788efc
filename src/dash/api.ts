/**
 * What the page and the box say to each other: the JSON of the HTTP API and the events of `/api/live`. Types alone, which
 * whoever answers the page holds itself to. Times are milliseconds since 1970, `step` too.
 */

import type { ListenerView } from "./tcp-api.ts";

/** A named series of numbers. Its key is what Prometheus would write: `tenk_tcp_connections_active{listener="sink"}`. */
export interface SeriesName {
  readonly key: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A rate is per second; for those of a counter the key is the counter's. */
  readonly kind: "gauge" | "rate";
  /** `bytes`, `seconds`, `celsius`, `ratio`, or "" for things that are counted. */
  readonly unit: string;
  readonly help: string;
}

/** `GET /api/names` */
export interface NamesAnswer {
  readonly series: readonly SeriesName[];
}

/** One series of an answer: a moment for each value; null is a gap. */
export interface SeriesPoints {
  readonly key: string;
  readonly t: readonly number[];
  readonly min: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** `GET /api/series?name=KEY&name=KEY&from=MS&to=MS&step=MS` */
export interface SeriesAnswer {
  /** The step that was used: at least the one asked for. */
  readonly stepMs: number;
  readonly series: readonly SeriesPoints[];
}

/** `event: names` of `/api/live`: what the values of the following seconds belong to. */
export interface LiveNames {
  readonly keys: readonly string[];
}

/** `event: second` */
export interface LiveSecond {
  readonly t: number;
  readonly v: readonly (number | null)[];
}

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `event: log`, and one line of `GET /api/log` */
export interface LogLine {
  readonly t: number;
  readonly level: LogLevel;
  readonly part: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null | undefined>>;
}

/** `GET /api/log?level=warn&part=net&limit=500`: the oldest first. `level` means this one and what is worse. */
export interface LogAnswer {
  readonly lines: readonly LogLine[];
}

/** What a board's firmware says of its power and heat, in words. */
export interface ThrottlingStatus {
  /** Such as `under-voltage`, `throttled`. */
  readonly now: readonly string[];
  readonly sinceBoot: readonly string[];
  /** Both in one: `under-voltage now, throttled now, both since boot`. Empty where all is well. */
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The machine, as of the last second; null where it does not tell, or not yet. */
export interface HostStatus {
  /** Share of all cores that was not idle over the last second, 0 to 1. */
  readonly busy: number | null;
  readonly load1: number | null;
  /** What programs could not have without swapping. */
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly swapUsedBytes: number | null;
  readonly swapTotalBytes: number | null;
  /** Of the file system at `/`, as df tells it: what is reserved for root counts neither as used nor as available. */
  readonly rootUsedBytes: number | null;
  readonly rootAvailableBytes: number | null;
  readonly rootTotalBytes: number | null;
  /** Used of used and available, rounded up to whole percents as df does. */
  readonly rootUsedPercent: number | null;
  readonly uptimeSeconds: number | null;
  readonly temperatureCelsius: number | null;
  /** What measured it: `k10temp Tctl`. The processor's sensor; the board's where there is none. */
  readonly temperatureSensor: string | null;
  /** Null on boards that do not tell. */
  readonly throttling: ThrottlingStatus | null;
  readonly cores: number;
}

/**
 * What the box may use of the machine at most, where a cgroup limits it (a container, a service's `MemoryMax`), and what is
 * used of that; null where nothing limits it.
 */
export interface LimitsStatus {
  readonly memoryBytes: number | null;
  /** Of all processes under the limit. */
  readonly memoryUsedBytes: number | null;
  /** Half a core is 0.5. */
  readonly cores: number | null;
  /** Share of these cores over the last second, 0 to 1. */
  readonly busy: number | null;
}

/** `GET /api/parts`: what parts have on the page; one without a panel of this kind has null. */
export type PartsAnswer = readonly { readonly name: string; readonly panel: PanelView | null }[];

export interface PanelView {
  readonly title: string;
  readonly charts: readonly PanelChart[];
}

export interface PanelChart {
  readonly title: string;
  readonly unit: "count" | "perSecond" | "bytesPerSecond" | "bytes" | "seconds" | "share";
  /** Of the history; a name with labels is added up over them. */
  readonly series: readonly { readonly name: string; readonly label: string }[];
}

/** What the page reads of `GET /api/status`. */
export interface StatusAnswer {
  readonly tenk: string;
  readonly startedAt: string;
  /** By part; of those that run. */
  readonly parts: { readonly tcp?: { readonly listeners: readonly ListenerView[] } };
  readonly process: { readonly pid: number; readonly rssBytes: number | null };
  readonly host: HostStatus;
  /** Null where nothing limits the box to less than its machine. */
  readonly limits: LimitsStatus | null;
}

/** Every answer that is not 2xx. */
export interface ErrorAnswer {
  readonly error: string;
  readonly hint?: string;
}
