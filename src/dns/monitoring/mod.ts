/** Metrics, status and tables of the part. */
export { dnsMetrics, type MeasuredServer } from "./metrics.ts";
export { dnsProblems } from "./problems.ts";
export { dnsRoutes } from "./routes.ts";
export { type DnsView, dnsView } from "./status.ts";
export { dnsTables } from "./tables.ts";
export { upstreamHistograms } from "./upstream-metrics.ts";
