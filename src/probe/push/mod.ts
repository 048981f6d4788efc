/** Services that call tenk: cron jobs, backups. */
export { readCall } from "./call.ts";
export { type CallResult, PushJobs, type PushLimits } from "./jobs.ts";
export type { PushPlan } from "./judge.ts";
export { type PushSettings, pushPlan } from "./plan.ts";
export { pushKeyRoute, pushRoutes } from "./routes.ts";
export { cronSchedule, everySchedule } from "./schedule.ts";
