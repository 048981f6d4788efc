import type { TimeGrid } from "../base/mod.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a chart. A counter is stored as its rate per second, a gauge as it is. */
export interface SeriesName {
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
}

/** Ten-second points of one block of five minutes. */
export interface HistoryBlock {
  /** ms since 1970, a multiple of the block's five minutes. */
  readonly startMs: number;
  readonly series: readonly SeriesName[];
  /** For each series 30 points of (min, mean, max); NaN is a gap. */
  readonly points: Float32Array;
}

/** Selects buckets of series. */
export interface HistoryQuery {
  readonly name: string;
  /** Labels that a series must have; it may have more. */
  readonly labels: Labels;
  /** Start of the first bucket, ms since 1970. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly length: number;
  /** Later points are not read: the caller has them in memory. */
  readonly untilMs: number;
}

export interface HistorySeries extends SeriesName {
  readonly grid: Pick<TimeGrid, "min" | "max" | "sum" | "weight">;
}

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A load test as it is stored. */
export interface Run {
  /** ms since 1970. */
  readonly startedMs: number;
  /** The short form that lists show. */
  readonly summary: Json;
  /** The whole report. */
  readonly report: Json;
  /** Its seconds as a chart needs them: the times, and one line for each name. */
  readonly series: {
    readonly t: readonly number[];
    readonly lines: Readonly<Record<string, readonly (number | null)[]>>;
  };
}

export interface ListedRun {
  readonly id: number;
  readonly startedMs: number;
  readonly summary: Json;
  /** On disk. */
  readonly bytes: number;
}

export type StoredRun = Run & Pick<ListedRun, "id">;

/** Ids of queries that share a millisecond. */
export const QUERY_IDS_PER_MS = 256;

/** A DNS query as it is stored. What the numbers mean is the caller's. */
export interface QueryRow {
  /** `QUERY_IDS_PER_MS` times ms since 1970, and a number below that. */
  readonly id: number;
  readonly name: string | null;
  readonly client: string | null;
  readonly type: number;
  readonly verdict: number;
  readonly rcode: number;
  readonly transport: number;
  readonly isStale: boolean;
  readonly latencyUs: number;
  readonly upstream: string | null;
  readonly lists: string | null;
  readonly labels: number;
  readonly rule: string | null;
}

/** How much of the queries is kept. */
export interface QueryLimits {
  readonly keepMs: number;
  /** Size of the file. The oldest hours are deleted beyond it. */
  readonly maxBytes: number;
}

/** Selects queries, the newest first. */
export interface QuerySearch {
  /** Ids from `fromId` to below `beforeId`. */
  readonly fromId: number;
  readonly beforeId: number;
  readonly limit: number;
  /** Part of the name, in small letters. */
  readonly name?: string | undefined;
  readonly clients?: readonly string[] | undefined;
  /** Mask of verdicts. */
  readonly verdicts?: number | undefined;
}

export interface QueryPage {
  readonly rows: readonly QueryRow[];
  /** Search on before this id; undefined where there is nothing older. */
  readonly nextId: number | undefined;
}

/** The queries of one hour, counted. */
export interface QueryHour {
  /** Hours since 1970. */
  readonly hour: number;
  /** By verdict. */
  readonly verdicts: readonly number[];
  readonly clients: readonly QueryCount[];
  readonly marked: readonly QueryCount[];
  readonly others: readonly QueryCount[];
}

/** The most frequent clients or names; `marked` counts queries with the verdict that was asked for. */
export interface QueryCount {
  readonly key: string;
  readonly count: number;
  readonly marked: number;
}

/** A change of a service's state as it is stored. What the texts mean is the caller's. */
export interface StoredChange {
  readonly service: string;
  /** ms since 1970 */
  readonly atMs: number;
  readonly state: string;
  readonly reason: string | null;
}

/** Time of a service in an hour or a day. */
export interface StoredTimes {
  readonly service: string;
  /** Number of the hour or day. */
  readonly key: number;
  /** Milliseconds in five states: up, degraded, down, unknown, maintenance. */
  readonly times: readonly number[];
}

/** Deletes what is old, and services that are gone. */
export interface ServicesForget {
  /** Changes before it, but the last of each service. ms since 1970 */
  readonly beforeMs: number;
  /** Hours and days before these. */
  readonly hour: number;
  readonly day: number;
  readonly services: readonly string[];
}

/** Deletes what a wrong clock made. */
export interface ServicesRewind {
  /** Changes after it. ms since 1970 */
  readonly afterMs: number;
  /** Hours and days after these. */
  readonly hour: number;
  readonly day: number;
}

/** What is new of the services, in one transaction. */
export interface ServicesWrite {
  /** Until when the changes and times are complete. ms since 1970 */
  readonly aliveMs: number;
  readonly changes: readonly StoredChange[];
  /** Of one service, the oldest beyond this number are deleted. */
  readonly maxChanges: number;
  readonly hours: readonly StoredTimes[];
  readonly days: readonly StoredTimes[];
  readonly forget?: ServicesForget;
  readonly rewind?: ServicesRewind;
  /** Old and new names, in their order; they come first. A new name that is known already stays as it is. */
  readonly renames?: readonly (readonly [from: string, to: string])[];
}

export interface KeptServices {
  readonly aliveMs: number;
  readonly services: readonly KeptService[];
}

export interface KeptService {
  readonly name: string;
  /** Oldest first. */
  readonly changes: readonly Omit<StoredChange, "service">[];
  /** Rows of six numbers: the hour or day, and the times in it. */
  readonly hours: Float64Array;
  readonly days: Float64Array;
}
