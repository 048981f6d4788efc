/** How far back the charts look, and in which steps: at most about a thousand points, as many as a screen can show. */
export interface Range {
  /** As it stands in the address and on its button: `15m`. */
  readonly name: string;
  /** In full, for screen readers. */
  readonly words: string;
  readonly spanMs: number;
  readonly stepMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const RANGES: readonly Range[] = [
  { name: "5m", words: "5 minutes", spanMs: 5 * MINUTE_MS, stepMs: 1000 },
  { name: "15m", words: "15 minutes", spanMs: 15 * MINUTE_MS, stepMs: 1000 },
  { name: "1h", words: "1 hour", spanMs: HOUR_MS, stepMs: 10_000 },
  { name: "6h", words: "6 hours", spanMs: 6 * HOUR_MS, stepMs: 30_000 },
  { name: "24h", words: "24 hours", spanMs: DAY_MS, stepMs: 2 * MINUTE_MS },
  { name: "7d", words: "7 days", spanMs: 7 * DAY_MS, stepMs: 10 * MINUTE_MS },
  { name: "30d", words: "30 days", spanMs: 30 * DAY_MS, stepMs: HOUR_MS },
  { name: "90d", words: "90 days", spanMs: 90 * DAY_MS, stepMs: 2 * HOUR_MS },
];

const STEPS_MS = [1000, 10_000, 30_000, MINUTE_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS];

/** The finest step in which a span that was zoomed into has at most a thousand points. */
export function stepFor(spanMs: number): number {
  return STEPS_MS.find((stepMs) => spanMs / stepMs <= 1000) ?? STEPS_MS.at(-1)!;
}
