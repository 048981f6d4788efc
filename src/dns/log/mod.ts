/** The query log: entries written by the threads that answer, gathered on the main thread. */
export { LogRing, NO_NAME } from "./log-ring.ts";
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
