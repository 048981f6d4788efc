/** Floor 3: sends at a planned pace and counts what came back. */
export { lookAtBox, noSampleText } from "./box.ts";
export { EXPECTABLE, type Expectation, parseExpectation } from "./expect.ts";
export { type FindLimitOptions, findLimit, type Limit, type LimitStep } from "./find-limit.ts";
export { SATURATION } from "./generator.ts";
export type { LatencyName, LatencySummary } from "./latency.ts";
export type { Tap } from "./loop.ts";
export { type Machine, readMachine } from "./machine.ts";
export { compileConstant, compileMessages, filesNamedIn, type MessagePart } from "./message/mod.ts";
export { planTcp, type ReplyRule, rampUpMs, type TcpOptions, type TcpPlan } from "./plan.ts";
export { type Obstacle, type Preflight, preflight } from "./preflight.ts";
export type { Check, DropCause, Report, ServerReport, Verdict } from "./report.ts";
export { LoadControl, type RunOptions, runTcp } from "./run.ts";
export { parseShape, type ShapeDefaults } from "./shape-syntax.ts";
export type { LoadSnapshot, Phase } from "./snapshot.ts";
