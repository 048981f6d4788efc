/** What is to be sent, how fast and what must hold; and whether this machine can carry it. */
export {
  EXPECTABLE,
  EXPECTABLE_OF_DNS,
  EXPECTABLE_OF_HTTP,
  EXPECTABLE_OF_WEBSOCKET,
  type Expectation,
  evaluate,
  isUsual,
  type Measured,
  notJudged,
  parseExpectation,
  percentilesIn,
} from "./expect.ts";
export {
  checkNotNegative,
  isMessageDue,
  type LoadOptions,
  type LoadPlan,
  namesRate,
  planLoad,
  rampUpMs,
  refuse,
  shapeOf,
  type Traffic,
} from "./load-plan.ts";
export { type Machine, readMachine } from "./machine.ts";
export { type Obstacle, type Preflight, preflight, refusalText } from "./preflight.ts";
export type { Shape } from "./shape.ts";
export { parseShape, type ShapeDefaults } from "./shape-syntax.ts";
