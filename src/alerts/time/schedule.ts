import { TenkError } from "../../base/mod.ts";
import type { LocalTime } from "./local-time.ts";

/** From a time of day to another one, on some days of the week. */
export interface Schedule {
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight. An end that is not after the beginning is on the next day. */
  readonly from: number;
  readonly to: number;
}

export interface Span {
  readonly fromMs: number;
  /** The first moment after it. */
  readonly toMs: number;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

/**
 * Parses `22:00-07:00`, `Sun 03:00-04:00`, `Mon-Fri,Sun 22:30-06:00`.
 *
 * @throws {TenkError} `config`
 */
export function parseSchedule(text: string): Schedule {
  const parts = /^\s*(?:([a-z,\s-]+?)\s+)?(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)\s*$/i.exec(text);
  const minutes = (hour: string | undefined, minute: string | undefined) => Number(hour) * 60 + Number(minute);
  const days = parts && daysOf(parts[1]);
  const from = minutes(parts?.[2], parts?.[3]);
  const to = minutes(parts?.[4], parts?.[5]);
  const isTime = (given: number, text?: string) => given <= DAY_MINUTES && Number(text) < 60;
  const isRight = days && isTime(from, parts[3]) && from < DAY_MINUTES && isTime(to, parts[5]) && from !== to;
  if (!isRight)
    throw new TenkError(
      "config",
      `Cannot read "${text}" as a schedule: expected such as 22:00-07:00 or Sun 03:00-04:00`,
    );
  return { days, from, to };
}

function daysOf(text = "daily"): number[] | undefined {
  if (/^(daily|every day)$/i.test(text)) return EVERY_DAY;
  const days = text.split(",").map((each) => {
    const [first = -1, last = first, ...more] = each
      .split("-")
      .map((name) => DAYS.indexOf(name.trim().slice(0, 3).toLowerCase()));
    if (first < 0 || last < 0 || more.length > 0) return undefined;
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
  });
  return days.includes(undefined) ? undefined : [...new Set(days.flatMap((each) => each ?? []))];
}

/**
 * Returns the span that lasts at a moment, else the next one. On the days on which clocks change, a span begins with the first and ends with the
 * last moment at which they show its times, and one that clocks leave out comes, as long as ever, when they have been set.
 */
export function spanAt({ days, from, to }: Schedule, nowMs: number, time: LocalTime): Span {
  const { year, month, day, weekday } = time.at(nowMs);
  // One that began yesterday may still last.
  for (let ahead = -1; ahead <= 8; ahead++) {
    if (!days.includes((weekday + ahead + 7) % 7)) continue;
    const fromMs = time.toMs(year, month, day + ahead, from, "first");
    const endMs = time.toMs(year, month, day + ahead + (to <= from ? 1 : 0), to, "last");
    const lastsMs = (to <= from ? to + DAY_MINUTES - from : to - from) * MINUTE_MS;
    const toMs = endMs > fromMs ? endMs : fromMs + lastsMs;
    if (toMs > nowMs) return { fromMs, toMs };
  }
  return { fromMs: Number.POSITIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
}

/** Tells cheaply, again and again, whether a schedule's span lasts. */
export class ScheduleClock {
  readonly #schedule: Schedule;
  readonly #time: LocalTime;
  #span: Span | undefined;
  #askedMs = 0;

  constructor(schedule: Schedule, time: LocalTime) {
    this.#schedule = schedule;
    this.#time = time;
  }

  /** Returns the span that lasts now; undefined where none does. */
  current(nowMs: number): Span | undefined {
    // Anew when it is over, and when the machine's clock was set back.
    if (this.#span === undefined || nowMs >= this.#span.toMs || nowMs < this.#askedMs)
      this.#span = spanAt(this.#schedule, nowMs, this.#time);
    this.#askedMs = nowMs;
    return nowMs >= this.#span.fromMs ? this.#span : undefined;
  }
}
