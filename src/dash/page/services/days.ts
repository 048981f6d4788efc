import type { DayBar } from "../../probe-api.ts";
import { day as dayOf, duration, written } from "../format.ts";

/** What a day was, by the worst that lasted: a bar has one shape and one colour. */
export type DayLevel = "none" | "up" | "maintenance" | "degraded" | "unknown" | "down";

const NAMES = ["up", "degraded", "down", "unknown", "in maintenance"] as const;

export function levelOf(day: DayBar): DayLevel {
  if (day === 0) return "none";
  if (day === 1) return "up";
  const [up, degraded, down, unknown, maintenance] = day;
  if (down > 0) return "down";
  if (degraded > 0) return "degraded";
  if (up > 0) return "up";
  if (unknown > 0) return "unknown";
  return maintenance > 0 ? "maintenance" : "none";
}

/** `28 Nov: 99.3 % up, down 10 min, degraded 3 min` */
export function dayText(title: string, day: DayBar): string {
  if (day === 0) return `${title}: nothing is known`;
  if (day === 1) return `${title}: up all the time`;
  const [up, degraded, down] = day;
  const known = up + degraded + down;
  const others = day
    .map((seconds, at) => [seconds, NAMES[at]!] as const)
    .filter(([seconds], at) => at > 0 && seconds > 0)
    .map(([seconds, name]) => `${name} ${duration(seconds * 1000)}`);
  const share = known === 0 ? [] : [`${shareText((up + degraded) / known)} up`];
  return `${title}: ${[...share, ...others].join(", ") || "nothing is known"}`;
}

/** A share of time: 99.98 % is not 100 %, so that it has two decimals, and is never rounded up to a whole. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const floored = Math.floor(share * 10_000) / 100;
  return share < 1 && floored >= 99 ? `${floored.toFixed(2)} %` : written(floored, "percent");
}

/** Returns the title of the bar at `at` of `count`, of which the last is `today`: `28 Nov`. */
export function dayTitle(today: string | undefined, at: number, count: number): string {
  const ago = count - 1 - at;
  if (ago === 0) return "today";
  if (ago === 1) return "yesterday";
  const [year, month, date] = today?.split("-").map(Number) ?? [];
  if (!year || !month || !date) return `${ago} days ago`;
  // The day is the server's: it is not moved into the reader's time zone.
  return dayOf(new Date(year, month - 1, date - ago).getTime());
}
