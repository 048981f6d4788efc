/** Special-use names, which are never forwarded. */
export { isLocalNetwork } from "./local-networks.ts";
export { Special, SpecialNames, type SpecialOptions } from "./special-names.ts";
