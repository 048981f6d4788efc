/** What is known of each service over time: changes, uptime, days, last answers. */
export type { Answer } from "./answers.ts";
export { dayText, localDay } from "./local-days.ts";
export { type FollowedService, ProbeHistory, type ProbeHistoryOptions } from "./probe-history.ts";
export type { ServiceRecord, StateChange } from "./service-record.ts";
export { TIMES, type Times } from "./time-totals.ts";
export { type DayBar, dayBars, SHOWN_DAYS, type Uptime, uptimeOf } from "./uptime.ts";
