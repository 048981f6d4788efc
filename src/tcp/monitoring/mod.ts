/** Metrics, status and connections of listeners. */
export { connectionRoutes } from "./connections.ts";
export { gatherTcpMetrics } from "./gather.ts";
export { tcpMetrics } from "./listener-metrics.ts";
export { RelayReader } from "./relay-status.ts";
export type { ListenerStatus, RelayStatus, TargetView, TcpView } from "./status.ts";
export { tcpTables } from "./tables.ts";
