/** What a run counts and times: plain fields and histograms that hot code adds to. */
export {
  ALL_LATENCIES,
  addEncoded,
  bucketOf,
  CONNECT_PHASES,
  type ConnectPhase,
  type EncodedLatencies,
  emptyHistogram,
  encodeHistogram,
  LATENCIES,
  Latencies,
  type LatencyName,
  type LatencySummary,
  recordUs,
} from "./latency.ts";
export { LatencyRecorder, runUs } from "./latency-recorder.ts";
export type { PendingTimes } from "./pending-times.ts";
export { SecondLatencies } from "./second-latency.ts";
export { DROP_CAUSES, type DropCause, Tally, type TallyFields } from "./tally.ts";
