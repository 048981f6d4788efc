/** The local names and their records. */
export type { DesignatedResolver } from "./designated-resolvers.ts";
export { LocalNames, type LocalRecord, type LocalSettings } from "./local-names.ts";
export { machineNetworks } from "./machine-networks.ts";
export { ipWord, mappedIp, type NetworkRange, NetworkSet, parseNetwork } from "./network-set.ts";
export { type Network, networkOf } from "./networks.ts";
export { hostRecords, localName, type ParseOptions, parseRecord } from "./parse-record.ts";
