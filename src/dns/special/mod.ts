/** Special-use names, which are never forwarded. */
export { isLocalNetwork } from "./local-networks.ts";
export { Special, SpecialNames, type SpecialOptions } from "./special-names.ts";
export { type Labels, SuffixTable } from "./suffix-table.ts";
