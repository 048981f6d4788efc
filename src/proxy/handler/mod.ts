/** What each event loop of the proxy's listeners runs. */
export type { OwnSite, ProxyOptions } from "./options.ts";
export { ProxyHandler } from "./proxy-handler.ts";
