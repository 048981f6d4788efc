/** The local names and their records. */
export { LocalNames, type LocalRecord, type LocalSettings } from "./local-names.ts";
export { machineNetworks } from "./machine-networks.ts";
export { type Network, networkOf } from "./networks.ts";
