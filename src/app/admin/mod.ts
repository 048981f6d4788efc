/** Everything HTTP of the dashboard's port: who may look, what there is to see. */
export { Access, type AccessOptions } from "./access.ts";
export type { Asset, Assets } from "./asset-routes.ts";
export { checkDashboard, Dashboard } from "./dashboard.ts";
export { LiveStreams } from "./live.ts";
export { LiveRun } from "./live-run.ts";
export { type LogLine, processLog } from "./log-ring.ts";
export { hashPassword, isPasswordHash } from "./password.ts";
export { type SurfaceParts, surfaceRoutes } from "./routes.ts";
export { newSecret as newToken } from "./secrets.ts";
export { SessionFile } from "./session-file.ts";
export type { Site } from "./site.ts";
export { type Surface, serveSurface } from "./surface.ts";
export { findToken, openToken, type Token } from "./token.ts";
