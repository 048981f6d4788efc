/** Layer 2: metrics of tenk, its process and its host; history, exposition for Prometheus, remote write. */
export { type ExpositionFormat, exposition, type Family, type Sample, unitOf } from "./exposition.ts";
export { FamilyBuilder, type FamilyBuilderOptions } from "./family-builder.ts";
export { histogramSamples } from "./histogram-samples.ts";
export {
  type AnsweredSeries,
  type Column,
  everySecond,
  type HandedSeconds,
  History,
  type HistoryDisk,
  type HistoryOptions,
  parseSeriesKey,
  type SeriesAnswer,
  type SeriesName,
  type SeriesQuery,
  seriesKey,
  type Take,
  takeFamilies,
} from "./history/mod.ts";
export {
  busyRatio,
  type CpuTimes,
  EXCLUDED_DISKS,
  EXCLUDED_FS_TYPES,
  EXCLUDED_MOUNT_POINTS,
  EXCLUDED_NETWORK_DEVICES,
  type FileFacts,
  fileFacts,
  type Host,
  type HostOptions,
  type HostSample,
  type HostTimeouts,
  type MountSample,
  openHost,
  type StatFs,
  type Throttling,
  TimedCalls,
  type TimedCallsOptions,
} from "./host/mod.ts";
export { type RecentLag, recentLag } from "./loop-lag.ts";
export { familiesOf, joinFamilies, type Metric, oncePerTurn, type Report } from "./metric.ts";
export { openProcessReader, type ProcessReader, type ProcessReaderOptions, type ProcessSample } from "./process.ts";
export { familiesIn } from "./prom-families.ts";
export { snappy, type TimedSample, timedSamples, writeRequest } from "./remote-write/mod.ts";
export {
  addUserMetrics,
  type Counter,
  counter,
  type Gauge,
  gauge,
  type Histogram,
  type HistogramOptions,
  histogram,
  readUserMetrics,
} from "./user.ts";
export { type Labelled, settleLoad } from "./user-family.ts";
export { followLoads } from "./user-makers.ts";
