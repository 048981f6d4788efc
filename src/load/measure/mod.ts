/** What a run counts and times: plain fields and histograms that hot code adds to. */
export { addEncoded, type EncodedHistogram, encodeHistogram, type Indexed } from "./encoded-histogram.ts";
export {
  ALL_LATENCIES,
  bucketOf,
  CONNECT_PHASES,
  type ConnectPhase,
  type EncodedLatencies,
  emptyHistogram,
  LATENCIES,
  Latencies,
  type LatencyName,
  type LatencySummary,
  type ProtocolLatency,
  recordUs,
} from "./latency.ts";
export { LatencyRecorder, runUs } from "./latency-recorder.ts";
export { messagesIn } from "./messages-in.ts";
export type { PendingTimes } from "./pending-times.ts";
export { SecondLatencies } from "./second-latency.ts";
export { DROP_CAUSES, type DropCause, Tally, type TallyFields } from "./tally.ts";
