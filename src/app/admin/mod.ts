/** The admin server: HTTP on the dashboard's port, its authentication and its routes. */
export { Access, type AccessOptions } from "./access.ts";
export { type AdminServer, serveAdmin } from "./admin-server.ts";
export type { Asset, Assets } from "./asset-routes.ts";
export { checkDashboard, Dashboard } from "./dashboard.ts";
export { DashboardLink } from "./dashboard-link.ts";
export { LiveStreams } from "./live.ts";
export { LiveRun } from "./live-run.ts";
export { type LogLine, processLog } from "./log-ring.ts";
export { type AdminSources, adminRoutes } from "./routes.ts";
export { newSecret as newToken, readTokenOf } from "./secrets.ts";
export { SessionFile } from "./session-file.ts";
export { sharedToken } from "./shared-token.ts";
export type { Site } from "./site.ts";
export { findToken, openToken, type Token } from "./token.ts";
