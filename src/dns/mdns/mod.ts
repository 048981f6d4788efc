/** Multicast DNS (RFC 6762) and DNS-based service discovery (RFC 6763). */
export { type MdnsCounts, newCounts as newMdnsCounts } from "./counts.ts";
export { Mdns, type MdnsInterfaceView, type MdnsOptions } from "./mdns.ts";
export type { NameInUse } from "./responder.ts";
export type { MdnsHost, MdnsService, Published } from "./zone.ts";
