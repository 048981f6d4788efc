/** Metrics, status, tables and routes of the part. */

export { probeMetrics } from "./metrics.ts";
export { probeProblems, problemKey, undecidedProblems } from "./problems.ts";
export { pushMetrics } from "./push-metrics.ts";
export { probeRoutes, type ServiceAnswer } from "./routes.ts";
export { probeTables } from "./status.ts";
export { type ProbedServiceView, type ProbeView, probeView, type ShownService } from "./view.ts";
