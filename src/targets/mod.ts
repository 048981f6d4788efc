/** Layer 3: several addresses of one thing. Which gets the next pair or exchange, how each fares, who waits. */
export { parseTargetAddress, type TargetAddress } from "./address.ts";
export { BALANCES, type Balance, type Choice, hashOf, hashOfBytes } from "./balance.ts";
export type { HealthCheck } from "./checks.ts";
export { HEALTH_DEFAULTS, type HealthOptions, type HealthSettings } from "./health.ts";
export { TargetList, type TargetListHooks } from "./list.ts";
export { known, oneOfValues, optionValues, wholeNumber, withoutUndefined, wrongOption } from "./option-values.ts";
export { QUEUE_DEFAULTS, type QueuePlace, type QueueSettings, type Waiter } from "./queue.ts";
export {
  healthSettings,
  TARGET_LIST_DEFAULTS,
  type TargetListSettings,
  type TargetOptions,
  type TargetSettings,
  targetSettings,
} from "./settings.ts";
export { Target, type TargetLink, type TargetReport } from "./target.ts";
