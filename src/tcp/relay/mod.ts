/** Carries connections to other servers, byte for byte: a layer 4 load balancer. */
export {
  RELAY_BALANCES,
  RELAY_DEFAULTS,
  type RelayBalance,
  type RelayOptions,
  type RelayTarget,
  relaySettings,
} from "./options.ts";
export { default as relayModule, type RelayReport, relay } from "./relay.ts";
