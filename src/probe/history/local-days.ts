/** A calendar day of the machine's time zone, of 23 to 25 hours. */
export interface LocalDay {
  /** The date as a number: days from 1970-01-01 to it. */
  readonly day: number;
  /** The instants at which it begins and ends. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;

/** Returns the day of an instant by the local clock. Costs microseconds: callers keep it until it ends. */
export function localDay(atMs: number): LocalDay {
  const date = new Date(atMs);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return {
    day: Math.round(Date.UTC(year, month, day) / DAY_MS),
    fromMs: new Date(year, month, day).getTime(),
    // Where a midnight is skipped this is the first instant of the next day; one that comes twice must not end before now.
    untilMs: Math.max(new Date(year, month, day + 1).getTime(), atMs + 1),
  };
}

/** @example dayText(20_787); // "2026-11-30" */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
