/** The listeners of the proxy: their options, start and reload. */
export { certificateNames } from "./desired.ts";
export { serviceUrls } from "./own-site.ts";
export { ProxyListeners } from "./proxy-listeners.ts";
