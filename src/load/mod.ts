/** Sends at a planned pace and counts what came back. */

export { type FindLimitOptions, findLimit, type Limit, type LimitStep } from "./find-limit.ts";
export type { Tap } from "./loop/mod.ts";
export type { DropCause, LatencyName, LatencySummary } from "./measure/mod.ts";
export { compileConstant, compileMessages, filesNamedIn, type MessagePart } from "./message/mod.ts";
export {
  EXPECTABLE,
  type Expectation,
  type Machine,
  type Obstacle,
  type Preflight,
  parseExpectation,
  parseShape,
  planTcp,
  preflight,
  type ReplyRule,
  rampUpMs,
  readMachine,
  type ShapeDefaults,
  type TcpOptions,
  type TcpPlan,
} from "./plan/mod.ts";
export type { Check, Report, ServerReport, Verdict } from "./report.ts";
export { lookAtBox, noSampleText, SATURATION } from "./result/mod.ts";
export { LoadControl, type RunOptions, runTcp } from "./run.ts";
export type { LoadSnapshot, Phase } from "./snapshot.ts";
