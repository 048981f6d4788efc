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
