import type { PushPlan } from "./judge.ts";
import { cronSchedule, everySchedule } from "./schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface PushSettings {
  /** From one call to the next. @default {a day} */
  readonly every?: number | undefined;
  /** As in a cron table, instead of `every`. */
  readonly schedule?: string | undefined;
  /** Of the schedule. @default {the machine's} */
  readonly timeZone?: string | undefined;
  /** @default {half of the time from call to call, at least a minute and at most an hour} */
  readonly grace?: number | undefined;
  /** @default {as `grace`} */
  readonly maxRun?: number | undefined;
}

/** @throws {TenkError} `config` for a schedule that is none */
export function pushPlan({ every = DAY_MS, schedule: text, timeZone, grace, maxRun }: PushSettings): PushPlan {
  const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
  const cron = text === undefined ? undefined : cronSchedule(text, timeZone ?? ownZone());
  const graceMs = grace ?? Math.min(HOUR_MS, Math.max(MINUTE_MS, (cron?.periodMs ?? every) / 2));
  return { schedule: cron ?? everySchedule(every, graceMs), graceMs, maxRunMs: maxRun ?? graceMs };
}
