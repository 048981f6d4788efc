/** Floor 2: readers of plain fields, the process's own cost, exposition for Prometheus. */
export { type ExpositionFormat, exposition, type Family, type Sample, unitOf } from "./exposition.ts";
export { measureLoopLag, type RecentLag, recentLag } from "./loop-lag.ts";
export { openProcessReader, type ProcessReader, type ProcessSample } from "./process.ts";
export { familiesIn } from "./prom-families.ts";
export { histogramIn, type Metric, type Report, registryOf } from "./registry.ts";
export {
  addUserMetrics,
  type Counter,
  counter,
  type Gauge,
  gauge,
  type Histogram,
  type HistogramOptions,
  histogram,
  type Labelled,
  readUserMetrics,
} from "./user.ts";
