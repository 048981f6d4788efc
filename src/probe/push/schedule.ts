import { Cron } from "croner";
import { messageOf, TenkError } from "../../base/mod.ts";

/** When a job is expected to call. */
export interface PushSchedule {
  /** Returns the first time after a moment at which it is expected, in milliseconds since 1970. */
  after(ms: number): number;
  /**
   * How much earlier than expected a call may come: a job that runs every day calls when it is done, which is not every day after the same
   * time. One that begins by the clock calls later, never earlier.
   */
  readonly earlyMs: number;
  /** From one call to the next, or about so. */
  readonly periodMs: number;
  /** Returns a moment for people, where the schedule has moments: `at 03:00 Europe/Berlin`. */
  shown?(ms: number): string;
}

/** A call that comes so little before its time is that time's: clocks of two machines differ. */
const SKEW_MS = 60_000;

/** Expects each call so long after the one before. */
export function everySchedule(everyMs: number, graceMs: number): PushSchedule {
  return { after: (ms) => ms + everyMs, earlyMs: graceMs, periodMs: everyMs };
}

/**
 * Expects a call at the times of a cron table: five fields, or `@daily` and the like. At times that the clock skips in spring a job is expected
 * when the skip ends; at those that come twice in autumn, once, as cron does it.
 *
 * @param timeZone `Europe/Berlin`
 * @throws {TenkError} `config`
 * @example
 * new Date(cronSchedule("0 3 * * *", "Europe/Berlin").after(Date.UTC(2026, 2, 28, 12))); // 2026-03-29T01:00:00Z
 */
export function cronSchedule(text: string, timeZone: string): PushSchedule {
  let cron: Cron;
  let first: Date | null;
  try {
    cron = new Cron(text, { timezone: timeZone, paused: true, mode: "5-part" });
    first = cron.nextRun();
  } catch (error) {
    throw new TenkError("config", `Cannot read the schedule "${text}" in ${timeZone}: ${messageOf(error)}`);
  }
  if (first === null) throw new TenkError("config", `Cannot use the schedule "${text}": it never comes`);
  const next = (ms: number) => cron.nextRun(new Date(ms))?.getTime() ?? Number.POSITIVE_INFINITY;
  const periodMs = next(first.getTime()) - first.getTime();
  const skewMs = Math.min(SKEW_MS, periodMs / 4);
  const form = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
  const shown = (ms: number) => `at ${form.format(ms)} ${timeZone}`;
  return { after: (ms) => next(ms + skewMs), earlyMs: 0, periodMs, shown };
}
