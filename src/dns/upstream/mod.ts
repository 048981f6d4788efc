/** One upstream server, by UDP, TCP, TLS or HTTPS, and how its address is found. */

export { isNamed, parseUpstream, type UpstreamAddress, type UpstreamProtocol, upstreamText } from "./address.ts";
export { Bootstrap, type BootstrapCounts, type BootstrapOptions } from "./bootstrap.ts";
export { UPSTREAM_FAILURES, type UpstreamCounts, type UpstreamFailure } from "./counts.ts";
export type { Lookup } from "./stream-channel.ts";
export { Upstream, type UpstreamAnswer, type UpstreamDone, type UpstreamOptions } from "./upstream.ts";
export type { Question } from "./upstream-query.ts";
