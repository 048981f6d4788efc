import type { ServiceRecord } from "./service-record.ts";
import { TIMES, type Times, type TimeTotals } from "./time-totals.ts";

/**
 * Share of the time in which a service was up or degraded, 0 to 1; null where nothing is known. Maintenance, unknown states and the time in
 * which tenk did not run do not count.
 */
export interface Uptime {
  /** The last 24 hours. */
  readonly day: number | null;
  /** The last 7 days. */
  readonly week: number | null;
  /** The last 30 and 90 days of the calendar, with today. */
  readonly month: number | null;
  readonly quarter: number | null;
}

const HOUR_MS = 3_600_000;
const [UP, DEGRADED, DOWN] = [TIMES.indexOf("up"), TIMES.indexOf("degraded"), TIMES.indexOf("down")];

/** @param today number of the local day */
export function uptimeOf({ hours, days }: ServiceRecord, nowMs: number, today: number): Uptime {
  return {
    day: lastHours(hours, nowMs, 24),
    week: lastHours(hours, nowMs, 168),
    month: lastDays(days, today, 30),
    quarter: lastDays(days, today, 90),
  };
}

/** Of the hour in which the span begins, the share that lies in it counts. */
function lastHours(hours: TimeTotals, nowMs: number, count: number): number | null {
  const hour = Math.floor(nowMs / HOUR_MS);
  const firstShare = 1 - (nowMs - hour * HOUR_MS) / HOUR_MS;
  const sum = new Sum();
  sum.add(hours, hour - count, firstShare);
  for (let key = hour - count + 1; key <= hour; key++) sum.add(hours, key, 1);
  return sum.share();
}

function lastDays(days: TimeTotals, today: number, count: number): number | null {
  const sum = new Sum();
  for (let key = today - count + 1; key <= today; key++) sum.add(days, key, 1);
  return sum.share();
}

class Sum {
  #well = 0;
  #known = 0;

  add(totals: TimeTotals, key: number, weight: number): void {
    const well = totals.ms(key, UP) + totals.ms(key, DEGRADED);
    this.#well += weight * well;
    this.#known += weight * (well + totals.ms(key, DOWN));
  }

  share(): number | null {
    return this.#known === 0 ? null : this.#well / this.#known;
  }
}

/**
 * A day, short because 200 services have 90 of them each: 1 where it was up whenever anything is known, 0 where nothing is known, else seconds
 * in each state.
 */
export type DayBar =
  | 0
  | 1
  | readonly [up: number, degraded: number, down: number, unknown: number, maintenance: number];

export function dayBar([up, degraded, down, unknown, maintenance]: Times): DayBar {
  if (degraded + down + unknown + maintenance === 0) return up === 0 ? 0 : 1;
  // Rounded up, so that a short outage is seen.
  const seconds = (ms: number) => Math.ceil(ms / 1000);
  return [Math.floor(up / 1000), seconds(degraded), seconds(down), seconds(unknown), seconds(maintenance)];
}
