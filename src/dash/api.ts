/**
 * The JSON of the HTTP API and the events of `/api/live`, as types: the admin server answers by them. Times and steps are in
 * milliseconds, moments since 1970.
 */

import type { BoxesView } from "./boxes-api.ts";
import type { DnsView } from "./dns-api.ts";
import type { ProbeView } from "./probe-api.ts";
import type { ProxyView } from "./proxy-api.ts";
import type { ListenerView } from "./tcp-api.ts";

/** A series of numbers. Its key is how Prometheus writes it: `tenk_tcp_connections_active{listener="sink"}`. */
export interface SeriesName {
  readonly key: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The rate of a counter is per second, and has the counter's key. */
  readonly kind: "gauge" | "rate";
  /** `bytes`, `seconds`, `celsius`, `ratio`, or "" for counts. */
  readonly unit: string;
  readonly help: string;
}

/** `GET /api/names` */
export interface NamesAnswer {
  readonly series: readonly SeriesName[];
}

/** One series of an answer: `t` has the moment of each value; null is a gap. */
export interface SeriesPoints {
  readonly key: string;
  readonly t: readonly number[];
  readonly min: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** `GET /api/series?name=KEY&name=KEY&from=MS&to=MS&step=MS` */
export interface SeriesAnswer {
  /** The step of the answer: at least the one of the request. */
  readonly stepMs: number;
  readonly series: readonly SeriesPoints[];
}

/** `event: names` of `/api/live`: the series of the values in the seconds that follow. */
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

/** `GET /api/log?level=warn&part=net&limit=500`: the oldest first. `level` means this level and above. */
export interface LogAnswer {
  readonly lines: readonly LogLine[];
}

/** Something that happened, as charts mark it. */
export interface ChartMark {
  /** ms since 1970. */
  readonly atMs: number;
  /** The end of what lasted. ms since 1970 */
  readonly untilMs?: number;
  readonly kind: "start" | "stop" | "reload" | "upgrade" | "run" | "state";
  readonly text: string;
  /** The id of a load test. */
  readonly run?: string;
}

/** `GET /api/marks?from=MS&to=MS`: the oldest first, at most 200. */
export interface MarksAnswer {
  readonly marks: readonly ChartMark[];
}

/** What a board's firmware reports of its power supply and heat. */
export interface ThrottlingStatus {
  /** Such as `under-voltage`, `throttled`. */
  readonly now: readonly string[];
  readonly sinceBoot: readonly string[];
  /** Both in one: `under-voltage now, throttled now, both since boot`. Empty where neither has anything. */
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The machine in the last second; null where a value is not known, or not yet. */
export interface HostStatus {
  /** Share of all cores that was not idle over the last second, 0 to 1. */
  readonly busy: number | null;
  readonly load1: number | null;
  /** Memory that programs cannot get without swapping. */
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly swapUsedBytes: number | null;
  readonly swapTotalBytes: number | null;
  /** Of the file system at `/`, as df(1) counts: blocks reserved for root are neither used nor available. */
  readonly rootUsedBytes: number | null;
  readonly rootAvailableBytes: number | null;
  readonly rootTotalBytes: number | null;
  /** Used of used and available, rounded up to whole percents as df does. */
  readonly rootUsedPercent: number | null;
  readonly uptimeSeconds: number | null;
  readonly temperatureCelsius: number | null;
  /** Its sensor, such as `k10temp Tctl`: the processor's, or the board's where the processor has none. */
  readonly temperatureSensor: string | null;
  /** Null on boards that do not report it. */
  readonly throttling: ThrottlingStatus | null;
  readonly cores: number;
  /** `/` first; at most 16. */
  readonly mounts: readonly MountStatus[];
}

/** A mounted file system as df(1) shows it; null where it did not answer, and `problem` says why. */
export interface MountStatus {
  readonly mountPoint: string;
  readonly device: string;
  readonly fsType: string;
  readonly isReadOnly: boolean;
  readonly problem: string | null;
  readonly totalBytes: number | null;
  readonly usedBytes: number | null;
  readonly availableBytes: number | null;
  readonly usedPercent: number | null;
  /** Of the files that it can hold; null where there is no limit. */
  readonly filesUsedPercent: number | null;
}

/**
 * The limits of the cgroup that tenk runs in (a container, a service's `MemoryMax`), and what is used of them; null where
 * there is no limit.
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

/** `GET /api/parts`: the parts that run, with the panel that each describes as data; null where it describes none. */
export type PartsAnswer = readonly { readonly name: string; readonly panel: PanelView | null }[];

export interface PanelView {
  readonly title: string;
  readonly charts: readonly PanelChart[];
}

export interface PanelChart {
  readonly title: string;
  readonly unit: "count" | "perSecond" | "bytesPerSecond" | "bytes" | "seconds" | "share";
  /** By name in the history; series that differ in labels alone are added up. */
  readonly series: readonly { readonly name: string; readonly label: string }[];
}

/** Something that is not well now. */
export interface ProblemView {
  /** What it is known by while it lasts: `service/git`, `box/disk/`. */
  readonly key: string;
  readonly severity: "warning" | "critical";
  /** What is not well: `git`, `disk /`. */
  readonly subject: string;
  /** In a word or two: `down`, `95 % full`. */
  readonly state: string;
  /** Why, and what to do. May quote texts from the network. */
  readonly reason: string;
  readonly sinceMs: number;
  /** The key of the problem that this one follows from. */
  readonly behind?: string;
  /** In maintenance: shown, but raises no alert. */
  readonly isMuted?: boolean;
}

/** The fields of `GET /api/status` that the page reads. */
export interface StatusAnswer {
  readonly tenk: string;
  readonly startedAt: string;
  /** All that are declared. */
  readonly services: readonly { readonly name: string }[];
  /** Of all parts and of the machine. */
  readonly problems: readonly ProblemView[];
  /** Of the parts that run, by name. */
  readonly parts: {
    readonly tcp?: { readonly listeners: readonly ListenerView[] };
    readonly proxy?: ProxyView;
    readonly dns?: DnsView;
    readonly probe?: ProbeView;
    readonly boxes?: BoxesView;
  };
  readonly process: { readonly pid: number; readonly rssBytes: number | null };
  readonly host: HostStatus;
  /** Null where no cgroup limits tenk. */
  readonly limits: LimitsStatus | null;
}

/** Every answer that is not 2xx. */
export interface ErrorAnswer {
  readonly error: string;
  readonly hint?: string;
}
