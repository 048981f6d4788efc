/** The listeners of the proxy: their options, start and reload. */
export { ProxyListeners } from "./proxy-listeners.ts";
