/** Installs the local CA's root where programs and browsers of this machine look for roots, or says how. */
export { installInBrowsers, removeFromBrowsers } from "./browsers.ts";
export { type Machine, thisMachine } from "./machine.ts";
export type { TrustedRoot, TrustResult } from "./result.ts";
export { installInSystem, removeFromSystem } from "./system-store.ts";
