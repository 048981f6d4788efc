/** What is asked for: requests as bytes, which of them comes next, and which are open. */
export { parseHar, type RecordedRequest, type Recording } from "./har.ts";
export { HeldRequest, OpenRequests } from "./open-requests.ts";
export { filesOfRequests, type RequestOptions, requestsOf, type WeightedUrl } from "./requests-of.ts";
export { MAX_SCRIPT_REQUEST_BYTES } from "./script-source.ts";
export { type CurrentRequest, type RequestSource, requestSource } from "./source.ts";
export type { RequestSpec, RequestsPlan } from "./spec.ts";
export { parseUrlList } from "./url-list.ts";
