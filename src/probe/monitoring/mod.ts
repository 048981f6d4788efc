/** Metrics, status and tables of the part. */
export { probeMetrics } from "./metrics.ts";
export { probeProblems } from "./problems.ts";
export { type ProbedServiceView, type ProbeView, probeTables, probeView } from "./status.ts";
