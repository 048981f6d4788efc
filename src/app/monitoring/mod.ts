/** What an instance reads of itself and of the machine. */
export { type Monitoring, startMonitoring } from "./monitoring.ts";
export type { HostStatus, LimitsStatus, Status } from "./status.ts";
