/** The DNS server that a configuration describes: everything started, changed and stopped together. */
export { type ListView, MAX_LISTS } from "./block-list-set.ts";
export { MAX_PAUSE_MS } from "./blocking-pause.ts";
export type { ClickedRule, RuleAction } from "./clicked-rules.ts";
export { DnsServer } from "./dns-server.ts";
export { FollowedServer } from "./followed-server.ts";
export { listSources } from "./options.ts";
export { serverSettings } from "./settings.ts";
