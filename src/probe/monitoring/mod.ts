/** Metrics, status and tables of the part. */
export { probeMetrics } from "./metrics.ts";
export { type ProbedServiceView, type ProbeView, probeTables, probeView } from "./status.ts";
