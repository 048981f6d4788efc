/** Replaces this process by another one of the same instance, without a refused or reset connection. */
export { type FreezeSources, freezeInstance, type HandedState, thawInstance } from "./freeze.ts";
export { Predecessor } from "./predecessor.ts";
export { type UpgradeStatus, Upgrades } from "./upgrades.ts";
