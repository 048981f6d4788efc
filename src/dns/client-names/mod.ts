/** Names of clients: local names, and leases of a DHCP server. */
export { ClientNames, type ClientNamesOptions, LEASE_FILES } from "./client-names.ts";
