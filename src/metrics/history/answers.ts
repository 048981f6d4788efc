import type { Labels, SeriesName } from "./disk.ts";
import type { Range } from "./resolution.ts";

export interface SeriesQuery extends Range {
  readonly name: string;
  /** Labels that a series must have; it may have more. @default {{}} */
  readonly labels?: Labels;
}

/** Series over the same buckets: each begins at `t[i]`, ms since 1970. null is a gap. */
export interface SeriesAnswer {
  readonly stepMs: number;
  readonly t: readonly number[];
  readonly series: readonly AnsweredSeries[];
}

export interface AnsweredSeries extends SeriesName {
  readonly key: string;
  readonly min: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** One second of all series, in the order of `keys()`. */
export interface Column {
  readonly t: number;
  readonly v: readonly (number | null)[];
}
