/** Metrics, status, tables and routes of the part. */
export { alertMetrics } from "./metrics.ts";
export { alertRoutes } from "./routes.ts";
export { type AlertsView, alertsView, alertTables, type ChannelView, type IncidentView } from "./status.ts";
