/** Which clients are answered. */
export { ClientLimiter, type LimitOptions } from "./client-limiter.ts";
export { type GuardOptions, type GuardSettings, guardSettings } from "./guard-settings.ts";
export { type Endpoint, isOwnListener } from "./loop-probe.ts";
export { LoopWatch, type LoopWatchOptions, type WatchedUpstream } from "./loop-watch.ts";
export { type LoopNotice, type Noticed, type RefusalNotice, SourceGuard } from "./source-guard.ts";
