/** Names that mean the same in every house, and are never asked of others. */
export { isLocalNetwork } from "./local-networks.ts";
export { Special, SpecialNames, type SpecialOptions } from "./special-names.ts";
