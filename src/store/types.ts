import type { TimeGrid } from "../base/mod.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a chart. A counter is kept as its rate per second, a gauge as it is. */
export interface SeriesName {
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
}

/** Ten-second points of some series over one block of five minutes. */
export interface HistoryBlock {
  /** ms since 1970, a multiple of the block's five minutes. */
  readonly startMs: number;
  readonly series: readonly SeriesName[];
  /** For each series 30 points of (min, mean, max); NaN is a gap. */
  readonly points: Float32Array;
}

/** Which buckets of which series. */
export interface HistoryQuery {
  readonly name: string;
  /** Those a series must have; it may have more. */
  readonly labels: Labels;
  /** When the first bucket begins, ms since 1970. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly length: number;
  /** What is later is not read: the caller has it in memory. */
  readonly untilMs: number;
}

export interface HistorySeries extends SeriesName {
  readonly grid: Pick<TimeGrid, "min" | "max" | "sum" | "weight">;
}

/** Plain data that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A load test as it is kept. */
export interface Run {
  /** ms since 1970. */
  readonly startedMs: number;
  /** What a list shows of it; short. */
  readonly summary: Json;
  /** All of it: the report. */
  readonly report: Json;
  /** Its seconds, as a chart takes them: one time line, and a line for each name. */
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
