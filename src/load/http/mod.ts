/** Load over HTTP: its options, its requests and answers, its connections. */

export { closeCause } from "./close-cause.ts";
export { CountsByRequest, requestRows } from "./counts-by-request.ts";
export { type HttpOptions, type HttpPlan, planHttp } from "./plan.ts";
export { http } from "./protocol.ts";
export { filesOfRequests, parseHar, parseUrlList, type WeightedUrl } from "./requests/mod.ts";
export type { LoadScript, ScriptContext, ScriptInit, ScriptRequest } from "./script/mod.ts";
export { parseStatusRanges, type StatusRange } from "./status-range.ts";
