/** Monitoring: metrics, status and history of an instance and its machine. */
export { type Monitoring, type MonitoringOptions, startMonitoring } from "./monitoring.ts";
export type { HostStatus, LimitsStatus, Status } from "./status.ts";
