/** Load on DNS servers: queries from files in dnsperf's format, over UDP, TCP, TLS and HTTPS. */
export { DNS_MODES, type DnsMode, type DnsOptions, type DnsPlan, planDns, type QueryFile } from "./plan.ts";
export { dns } from "./protocol.ts";
export { parseRcodes } from "./rcodes.ts";
