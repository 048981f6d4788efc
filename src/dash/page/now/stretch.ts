import type { Zoom } from "../route.ts";

/** Longer than the history. */
const LONGEST_MS = 95 * 86_400_000;

const two = (value: number) => String(value).padStart(2, "0");

/** Returns a moment as an input of type `datetime-local` takes it: in the reader's time zone. */
export function localText(ms: number): string {
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Reads what was typed into two such inputs: a stretch of time that ends now at the latest, or what is wrong with it. */
export function readStretch(
  fromText: string,
  toText: string,
  nowMs: number,
): { readonly zoom: Zoom } | { readonly problem: string } {
  const fromMs = new Date(fromText).getTime();
  const toMs = Math.min(nowMs, new Date(toText).getTime());
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return { problem: "Enter a date and a time in both fields." };
  if (fromMs >= nowMs) return { problem: "“From” is in the future." };
  if (fromMs >= toMs) return { problem: "“From” must be before “to”." };
  if (toMs - fromMs > LONGEST_MS) return { problem: "The history has 90 days: choose a shorter time." };
  return { zoom: { fromMs, toMs } };
}

/** Returns the stretch half its length earlier (-1) or later (1), which ends now at the latest. */
export function shifted({ fromMs, toMs }: Zoom, direction: -1 | 1, nowMs: number): Zoom {
  const half = (toMs - fromMs) / 2;
  const end = Math.min(nowMs, toMs + direction * half);
  return { fromMs: end - (toMs - fromMs), toMs: end };
}
