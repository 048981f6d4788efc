import { TenkError } from "../../base/mod.ts";

/** Hours of some days of the week. */
export interface Schedule {
  /** A bit for each day, Sunday first. */
  readonly days: number;
  /** Minutes since midnight; `to` is after the last one, and before `from` where it is on the next day. */
  readonly from: number;
  readonly to: number;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const EVERY_DAY = 0x7f;
const DAY_MINUTES = 1440;
const FORM = /^(?:([a-z,-]+) +)?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/;

/**
 * Parses hours, on some days or on all.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseSchedule("mon-fri 20:00-07:00"); // from Monday evening to Tuesday morning, and so on
 * parseSchedule("sat,sun 9:00-12:00");
 */
export function parseSchedule(text: string): Schedule {
  const [whole, days = "", ...clock] = FORM.exec(text.trim().toLowerCase()) ?? [];
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = clock.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const isClock = fromMinute < 60 && toMinute < 60 && from < DAY_MINUTES && to <= DAY_MINUTES && from !== to;
  const mask = days === "" ? EVERY_DAY : maskOf(days);
  if (whole === undefined || !isClock || mask === 0)
    throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)} as hours`, {
      hint: "write mon-fri 20:00-07:00, or sat,sun 9:00-12:00, or 22:00-06:00",
    });
  return { days: mask, from, to };
}

/** Returns the days of `mon-fri`, `sat,sun`; 0 where one is unknown. */
function maskOf(text: string): number {
  let mask = 0;
  for (const part of text.split(",")) {
    const [first = "", last = first, ...more] = part.split("-");
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
    if (from < 0 || to < 0 || more.length > 0) return 0;
    for (let day = from; ; day = (day + 1) % 7) {
      mask |= 1 << day;
      if (day === to) break;
    }
  }
  return mask;
}

/** @param now in the time zone of the machine */
export function isWithin({ days, from, to }: Schedule, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  const isOn = (day: number) => (days >>> ((day + 7) % 7)) & 1;
  const today = now.getDay();
  if (from < to) return isOn(today) === 1 && minute >= from && minute < to;
  // The hours behind midnight belong to the day before.
  return (isOn(today) === 1 && minute >= from) || (isOn(today - 1) === 1 && minute < to);
}
