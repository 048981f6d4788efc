/** Layer 5: the part `probe:`, which asks declared services whether they are well. */
export type { ProbeView } from "./monitoring/mod.ts";
export { probe } from "./part.ts";
