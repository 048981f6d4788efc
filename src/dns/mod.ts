/** Layer 5: the part `dns:`, which answers queries from local records, block lists, the cache, or an upstream. */

export type { DnsView } from "./monitoring/mod.ts";
export { dns } from "./part.ts";
