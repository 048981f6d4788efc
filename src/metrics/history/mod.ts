/** The history of the metrics: each second in memory, and coarser for months on disk. */
export type { AnsweredSeries, Column, SeriesAnswer, SeriesQuery } from "./answers.ts";
export type { DiskQuery, HistoryBlock, HistoryDisk, Labels, SeriesName } from "./disk.ts";
export { everySecond, waitMs } from "./every-second.ts";
export { takeFamilies } from "./families.ts";
export {
  History,
  type HistoryOptions,
  type Take,
} from "./history.ts";
export { bucketsFor, MAX_POINTS } from "./resolution.ts";
export type { HandedSeconds } from "./seconds.ts";
export { parseSeriesKey, seriesKey } from "./series-key.ts";
