/** The DNS server that a configuration describes: everything started, changed and stopped together. */
export { MAX_LISTS } from "./block-list-set.ts";
export { DnsServer } from "./dns-server.ts";
export { serverSettings } from "./settings.ts";
