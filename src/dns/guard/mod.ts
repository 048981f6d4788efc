/** Which clients are answered. */
export { ClientLimiter, type LimitOptions } from "./client-limiter.ts";
export { type GuardOptions, type GuardSettings, guardSettings } from "./guard-settings.ts";
export { type Noticed, type RefusalNotice, SourceGuard } from "./source-guard.ts";
