/** What is to be sent, how fast and what must hold; and whether this machine can carry it. */
export { type Counting, countingOf } from "./counting.ts";
export {
  BOX_EXPECTATION,
  EXPECTABLE,
  type Expectation,
  evaluate,
  isUsual,
  type Measured,
  notJudged,
  parseExpectation,
  percentilesIn,
} from "./expect.ts";
export { type Machine, readMachine } from "./machine.ts";
export {
  isMessageDue,
  namesRate,
  planTcp,
  type ReplyRule,
  rampUpMs,
  shapeOf,
  type TcpOptions,
  type TcpPlan,
} from "./plan.ts";
export { type Obstacle, type Preflight, preflight } from "./preflight.ts";
export type { Shape } from "./shape.ts";
export { parseShape, type ShapeDefaults } from "./shape-syntax.ts";
