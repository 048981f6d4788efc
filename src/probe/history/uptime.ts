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

/** Sums of the hours and days that are over, which change once an hour: a status of 200 services has 60 000 of them. */
interface Past {
  readonly hour: number;
  readonly today: number;
  readonly revision: number;
  readonly day: HourSpan;
  readonly week: HourSpan;
  readonly month: Sum;
  readonly quarter: Sum;
  /** All days but today. */
  readonly bars: readonly DayBar[];
}

interface HourSpan {
  /** The hour in which the span begins: the share of it that lies in the span counts. */
  readonly first: Sum;
  readonly whole: Sum;
}

interface Sum {
  readonly well: number;
  readonly known: number;
}

/** Days of a bar. */
export const SHOWN_DAYS = 90;

const pasts = new WeakMap<ServiceRecord, Past>();

/** @param today number of the local day */
export function uptimeOf(record: ServiceRecord, nowMs: number, today: number): Uptime {
  const hour = Math.floor(nowMs / HOUR_MS);
  const { day, week, month, quarter } = pastOf(record, hour, today);
  const inHour = sumOf(record.hours, hour, hour);
  const inDay = sumOf(record.days, today, today);
  const firstShare = 1 - (nowMs - hour * HOUR_MS) / HOUR_MS;
  return {
    day: shareOf(add(add(day.whole, inHour), day.first, firstShare)),
    week: shareOf(add(add(week.whole, inHour), week.first, firstShare)),
    month: shareOf(add(month, inDay)),
    quarter: shareOf(add(quarter, inDay)),
  };
}

/** Returns the bars of the last 90 days, oldest first. */
export function dayBars(record: ServiceRecord, nowMs: number, today: number): DayBar[] {
  const { bars } = pastOf(record, Math.floor(nowMs / HOUR_MS), today);
  return [...bars, dayBar(record.days.times(today))];
}

function pastOf(record: ServiceRecord, hour: number, today: number): Past {
  const { hours, days, revision } = record;
  const known = pasts.get(record);
  if (known?.hour === hour && known.today === today && known.revision === revision) return known;
  const span = (count: number) => ({
    first: sumOf(hours, hour - count, hour - count),
    whole: sumOf(hours, hour - count + 1, hour - 1),
  });
  const past = {
    ...{ hour, today, revision, day: span(24), week: span(168) },
    month: sumOf(days, today - 29, today - 1),
    quarter: sumOf(days, today - 89, today - 1),
    bars: Array.from({ length: SHOWN_DAYS - 1 }, (_, at) => dayBar(days.times(today - SHOWN_DAYS + 1 + at))),
  };
  pasts.set(record, past);
  return past;
}

function sumOf(totals: TimeTotals, from: number, until: number): Sum {
  let [well, known] = [0, 0];
  for (let key = from; key <= until; key++) {
    const ms = totals.ms(key, UP) + totals.ms(key, DEGRADED);
    well += ms;
    known += ms + totals.ms(key, DOWN);
  }
  return { well, known };
}

function add(one: Sum, other: Sum, weight = 1): Sum {
  return { well: one.well + weight * other.well, known: one.known + weight * other.known };
}

function shareOf({ well, known }: Sum): number | null {
  return known === 0 ? null : well / known;
}

/**
 * A day, short because 200 services have 90 of them each: 1 where it was up whenever anything is known, 0 where nothing is known, else seconds
 * in each state.
 */
export type DayBar =
  | 0
  | 1
  | readonly [up: number, degraded: number, down: number, unknown: number, maintenance: number];

function dayBar([up, degraded, down, unknown, maintenance]: Times): DayBar {
  if (degraded + down + unknown + maintenance === 0) return up === 0 ? 0 : 1;
  // Rounded up, so that a short outage is seen.
  const seconds = (ms: number) => Math.ceil(ms / 1000);
  return [Math.floor(up / 1000), seconds(degraded), seconds(down), seconds(unknown), seconds(maintenance)];
}
