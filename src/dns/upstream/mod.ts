/** One upstream server, by UDP, TCP or TLS. */
export { parseUpstream, type UpstreamAddress, type UpstreamProtocol, upstreamText } from "./address.ts";
export { UPSTREAM_FAILURES, type UpstreamCounts, type UpstreamFailure } from "./counts.ts";
export { Upstream, type UpstreamAnswer, type UpstreamDone, type UpstreamOptions } from "./upstream.ts";
export type { Question } from "./upstream-query.ts";
