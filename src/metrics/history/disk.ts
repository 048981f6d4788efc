import type { TimeGrid } from "../../base/mod.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a chart. A counter is kept as its rate per second, a gauge as it is. */
export interface SeriesName {
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
}

/** Ten-second points of one block of five minutes, which are written to disk together. */
export interface HistoryBlock {
  /** ms since 1970, a multiple of five minutes. */
  readonly startMs: number;
  readonly series: readonly SeriesName[];
  /** For each series 30 points of (min, mean, max); NaN is a gap. */
  readonly points: Float32Array;
}

export interface DiskQuery {
  readonly name: string;
  readonly labels: Labels;
  readonly fromMs: number;
  readonly stepMs: number;
  readonly length: number;
  /** Later points are in memory. */
  readonly untilMs: number;
}

/** The disk as the history uses it. `store/` implements it; `app/` passes one to the other. */
export interface HistoryDisk {
  /** Resolutions, the finest (ten seconds) first, and how long each is kept. */
  readonly levels: readonly { readonly stepMs: number; readonly keepMs: number }[];
  /** @returns false where the blocks are not written: the history passes them again */
  write(blocks: readonly HistoryBlock[], insist: boolean): Promise<boolean>;
  read(query: DiskQuery): Promise<(SeriesName & { readonly grid: Pick<TimeGrid, "min" | "max" | "sum" | "weight"> })[]>;
  names(): Promise<SeriesName[]>;
}
