/** Layer 5: the part `probe:`, which asks declared services whether they are well, and finds those that are not declared. */
export { PROBE_TIMES } from "./config.ts";
export { type DiscoverAnswer, discover, type Found, servicesText } from "./discover/mod.ts";
export type { ProbeView, ServiceAnswer } from "./monitoring/mod.ts";
export { probe } from "./part.ts";
