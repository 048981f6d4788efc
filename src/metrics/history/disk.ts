import type { TimeGrid } from "../../base/mod.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a chart. A counter is kept as its rate per second, a gauge as it is. */
export interface SeriesName {
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
}

/** Points of ten seconds over one block of five minutes: what goes to disk at a time. */
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

/** What the history needs of a disk. `store/` has one; it is joined to it where both are made. */
export interface HistoryDisk {
  /** Its resolutions, the finest (ten seconds) first, and how long each is kept. */
  readonly levels: readonly { readonly stepMs: number; readonly keepMs: number }[];
  /** @returns false where the blocks are not written: they come again */
  write(blocks: readonly HistoryBlock[], insist: boolean): Promise<boolean>;
  read(query: DiskQuery): Promise<(SeriesName & { readonly grid: Pick<TimeGrid, "min" | "max" | "sum" | "weight"> })[]>;
  names(): Promise<SeriesName[]>;
}
