/** Which clients are answered. */
export { ClientLimiter, type LimitOptions } from "./client-limiter.ts";
export { type GuardOptions, type GuardSettings, guardSettings } from "./guard-settings.ts";
export { LoopWatch, type LoopWatchOptions, type WatchedUpstream } from "./loop-watch.ts";
export { type LoopNotice, NO_GUARD, type Noticed, type RefusalNotice, SourceGuard } from "./source-guard.ts";
