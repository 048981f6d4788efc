/** One event loop of a load test: opens connections, sends what is due, counts what comes back. */
export { type EndedBy, LoadLoop, type Tap } from "./loop.ts";
export type { LoadConnection, LoopProtocol, Protocol, Transport, TransportEvents } from "./protocol.ts";
export { type Slice, slicesOf } from "./slice.ts";
