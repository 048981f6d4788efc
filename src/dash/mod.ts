export type * from "./alerts-api.ts";
export type * from "./api.ts";
export { type Asset, type PageAssets, packedPage, pageAssets } from "./assets.ts";
export type * from "./boxes-api.ts";
export type * from "./dns-api.ts";
export type * from "./probe-api.ts";
export type * from "./proxy-api.ts";
export { reportHtml } from "./report-page.ts";
export {
  type LiveRun,
  outcomeOf,
  type RunAnswer,
  type RunLine,
  type RunOutcome,
  type RunReport,
  type RunSeries,
  type RunSnapshot,
  type RunsAnswer,
  runSeries,
} from "./run.ts";
export { compareRuns, type Difference } from "./run-comparison.ts";
export { RunCourse, type RunMoment } from "./run-course.ts";
export { type LatencyRow, latencyRows } from "./run-latencies.ts";
export {
  COMPARISON_NOTE,
  type PlanDifference,
  type PlanWriter,
  planDifferences,
  planText,
  planWarning,
} from "./run-plan.ts";
export type * from "./tcp-api.ts";
