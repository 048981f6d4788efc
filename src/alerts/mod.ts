/** Layer 5: the part `alerts:`, which tells people what is not well, and what is under maintenance. */
export { type TestResult, testChannel, unknownChannel } from "./alerts.ts";
export type { AlertsConfig } from "./config.ts";
export type { AlertsView, ChannelView, IncidentView } from "./monitoring/mod.ts";
export { alerts, channelsOf } from "./part.ts";
