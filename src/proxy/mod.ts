/** The part `proxy:`: every service by its name, over HTTPS. */

export type { ProxyView } from "./monitoring/mod.ts";
export { proxy } from "./part.ts";
