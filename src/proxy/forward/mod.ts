/** Requests on their way to a target, and answers on their way back. */

export { Caller } from "./caller.ts";
export { Client, type KnownHost } from "./client.ts";
export { Forward } from "./forward.ts";
export { answerFraming, carriesChunks } from "./framing.ts";
export { HeadPool } from "./head-pool.ts";
export type { HeldContent } from "./held-content.ts";
export type { HttpLink, HttpServiceTarget } from "./http-link.ts";
export { isLoop } from "./loop.ts";
export { DROPPED_FROM_REQUESTS, RequestHead, union } from "./request-head.ts";
export { DROPPED_FROM_RESPONSES } from "./response-fields.ts";
export { type ForwardRoute, forwardRoute } from "./route.ts";
export { ServiceTargets } from "./service-targets.ts";
export { withStickySecret } from "./sticky.ts";
