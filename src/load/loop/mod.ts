/** One event loop of a load test: opens connections, sends what is due, counts what comes back. */
export { type EndedBy, LoadLoop, type Tap } from "./loop.ts";
export { type Slice, slicesOf } from "./opener.ts";
export { type Protocol, tcpProtocol } from "./protocol.ts";
