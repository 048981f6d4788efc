/** One server that is asked what is not known here: by UDP, TCP and TLS. */
export { parseUpstream, type UpstreamAddress, type UpstreamProtocol, upstreamText } from "./address.ts";
export { UPSTREAM_FAILURES, type UpstreamCounts, type UpstreamFailure } from "./counts.ts";
export { Upstream, type UpstreamAnswer, type UpstreamDone, type UpstreamOptions } from "./upstream.ts";
export type { Question } from "./upstream-query.ts";
