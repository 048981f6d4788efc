/** What holds for some clients alone: their lists, whether they are blocked, and when. */
export { type ClientRules, ClientTable, type KnownClient } from "./client-table.ts";
export { addressesByMac } from "./neighbours.ts";
export { type ClientConfig, type ClientSources, matchKind, resolveClients } from "./resolve-clients.ts";
export { isWithin, parseSchedule, type Schedule } from "./schedule.ts";
