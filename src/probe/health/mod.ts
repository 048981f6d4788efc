/** The state of a service, from what its probes find out. */
export { Health, type HealthOptions, type LastKnown, STATES, type State, type Transition } from "./health.ts";
export type { Facts, Outcome } from "./outcome.ts";
