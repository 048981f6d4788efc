/** One event loop of a load test: opens connections, sends what is due, counts what comes back. */
export { connectCause } from "./connect-cause.ts";
export type { EndedBy, Tap } from "./hooks.ts";
export { LoadLoop } from "./loop.ts";
export type {
  LoadConnection,
  LoopProtocol,
  LoopSource,
  Protocol,
  ProtocolResult,
  Transport,
  TransportEvents,
} from "./protocol.ts";
export { type Slice, slicesOf } from "./slice.ts";
export type { SentCounts, TargetCounts, TargetReader } from "./target-reader.ts";
