/** The query log: entries written by the threads that answer, gathered on the main thread. */
export { type LogEntry, readEntry } from "./entry.ts";
export type { LogNames } from "./log-names.ts";
export type { ResolvedQuery } from "./log-resolved.ts";
export { LogRing, NO_NAME } from "./log-ring.ts";
export { type LogCounts, LogService, type LogSettings } from "./log-service.ts";
export {
  type Decided,
  LogVerdict,
  Privacy,
  TRANSPORT_NAMES,
  Transport,
  type TransportName,
  VERDICT_NAMES,
  type VerdictName,
} from "./verdicts.ts";
