/** A span of time in which tenk ran, or what became of one. */
export type Step =
  | { readonly kind: "ran"; readonly fromMs: number; readonly untilMs: number }
  /** The clock is behind what was recorded: nothing is. */
  | { readonly kind: "waiting" }
  /** The clock was set back: what was recorded after it is from a wrong clock. */
  | { readonly kind: "rewound"; readonly untilMs: number };

const HOUR_MS = 3_600_000;
/** A clock that is disciplined moves no faster. */
const MAX_DRIFT_MS = 1000;
/** After a longer step the machine slept, or the process was stopped. */
const MAX_STEP_MS = 60_000;
/** How long a clock that was behind from the start must go on until it is believed: it may be set as soon as there is a network. */
const BELIEVED_MS = 24 * HOUR_MS;
/** A machine without a battery for its clock begins in 1970. */
const PLAUSIBLE_MS = Date.UTC(2026, 0, 1);

/**
 * Divides wall time into what tenk ran and gaps, by a clock that does not jump. Recorded times never go back.
 *
 * ```text
 *   wall     ├── ran ──┤  gap: off, asleep, or the clock was set  ├── ran ──┤
 *   elapsed  ├── ran ──┤├── ran ──┤
 * ```
 */
export class HistoryClock {
  /** Until when time is recorded, in milliseconds since 1970. */
  untilMs = Number.NEGATIVE_INFINITY;
  #elapsedMs: number | undefined;
  #jumpedMs = Number.NEGATIVE_INFINITY;
  #behindSinceMs: number | undefined;

  /** Begins after what an earlier run has recorded. */
  resume(untilMs: number): void {
    this.untilMs = untilMs;
    this.#elapsedMs = undefined;
  }

  /** @param elapsedMs by a clock that does not jump */
  step(nowMs: number, elapsedMs: number): Step {
    const isFirst = this.#elapsedMs === undefined;
    const ranMs = elapsedMs - (this.#elapsedMs ?? elapsedMs);
    this.#elapsedMs = elapsedMs;
    if (isFirst) this.#jumpedMs = elapsedMs;
    const wallMs = nowMs - this.untilMs;
    if (wallMs < 0) return this.#behind(nowMs, elapsedMs, isFirst);
    this.#behindSinceMs = undefined;
    this.untilMs = nowMs;
    if (Math.abs(wallMs - ranMs) > MAX_DRIFT_MS) this.#jumpedMs = elapsedMs;
    const countedMs = isFirst ? 0 : Math.min(wallMs - ranMs < MAX_DRIFT_MS ? wallMs : ranMs, MAX_STEP_MS);
    return { kind: "ran", fromMs: nowMs - countedMs, untilMs: nowMs };
  }

  /** Whether it has gone evenly for an hour: what is old by a clock that has just jumped may not be. */
  isSteady(elapsedMs: number): boolean {
    return elapsedMs - this.#jumpedMs > HOUR_MS;
  }

  #behind(nowMs: number, elapsedMs: number, isFirst: boolean): Step {
    this.#jumpedMs = elapsedMs;
    // One that was set back while tenk ran is believed at once; one that is behind from the start may not be set yet.
    if (isFirst) this.#behindSinceMs = elapsedMs;
    const isBelieved = this.#behindSinceMs === undefined || elapsedMs - this.#behindSinceMs > BELIEVED_MS;
    if (!isBelieved || nowMs < PLAUSIBLE_MS) return { kind: "waiting" };
    this.#behindSinceMs = undefined;
    this.untilMs = nowMs;
    return { kind: "rewound", untilMs: nowMs };
  }
}
