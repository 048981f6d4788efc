/** Carries connections to other servers, byte for byte: a layer 4 load balancer. */
export { BALANCES, type Balance } from "./balance.ts";
export { HEALTH_DEFAULTS, type HealthOptions } from "./health.ts";
export { RELAY_DEFAULTS, type RelayOptions, type RelayTarget, relaySettings } from "./options.ts";
export { default as relayModule, type RelayReport, relay } from "./relay.ts";
export type { TargetReport } from "./target.ts";
