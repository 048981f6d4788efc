/** Metrics, status and tables of the proxy. */
export { readBrokenRules, readServices, type ServiceReading } from "./readings.ts";
export { brokenRuleMetric, serviceHistograms, serviceMetrics } from "./service-metrics.ts";
export { listenerView, type ProxyView, proxyTables, requestsView, type ServiceView, serviceView } from "./status.ts";
export { type ServiceReport, serviceReports, targetFamilies } from "./target-metrics.ts";
