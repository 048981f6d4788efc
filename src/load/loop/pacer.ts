import type { Shape } from "../plan/mod.ts";

export interface PacerOptions {
  shape: Shape;
  /** A message that could not be sent within this time after its planned moment is dropped, in milliseconds. @default {2000} */
  dropAfterMs?: number;
  /** Needed for shapes with random gaps; 0 ≤ value < 1. @default {Math.random} */
  random?: () => number;
}

/** Corners kept of the plan's line; with a corner a millisecond this is twice the default `dropAfterMs`. */
const MAX_CORNERS = 4096;

/**
 * Decides which messages are due and when each was planned. It has no clock: `advance` passes the time and how
 * many connections were open since the last call, and the pacer adds rate × connections up to a line, the plan.
 *
 * ```text
 *   messages            ·  /          one corner at each advance: every tick, and whenever a connection opened or was
 *      8 ─ ─ ─ ─ ─ ─ ─ /              lost or the rate changed; those that were taken are forgotten
 *      7 ─ ─ ─ ─ ─ ─ / :
 *              ___/    :              message k stands in the middle of its share (k + ½), so that 10 s at 1 a second
 *      ______/         :              are 10 messages whatever rounding does at the ends
 *   ───────────────────┴── now
 * ```
 *
 * What is due is taken one by one with its planned moment, oldest first; what nobody took in `dropAfterMs` is dropped. So
 * `planned = taken + dropped + debt` always, and a pause of the generator is seen, never forgotten. Taking costs a
 * division and no memory.
 */
export class Pacer {
  readonly dropAfterMs: number;
  readonly #shape: Shape;
  readonly #random: () => number;
  readonly #times = new Float64Array(MAX_CORNERS);
  readonly #counts = new Float64Array(MAX_CORNERS);
  #first = 0;
  #last = 0;
  #originMs = Number.POSITIVE_INFINITY;
  #factor = 1;
  #position: number;
  #passed = 0;

  constructor({ shape, dropAfterMs = 2000, random = Math.random }: PacerOptions, startMs: number) {
    this.#shape = shape;
    this.dropAfterMs = dropAfterMs;
    this.#random = random;
    this.#times[0] = startMs;
    this.#position = shape.randomGaps ? this.#gap() : 0.5;
  }

  /** Messages planned so far: taken, dropped, or still to be sent. */
  get planned(): number {
    return this.#passed + this.debt;
  }

  /** Messages due and neither taken nor dropped. With random gaps an estimate, exact once it is 0. */
  get debt(): number {
    const missing = this.#counts[this.#last]! - this.#position;
    return missing < 0 ? 0 : Math.floor(missing) + 1;
  }

  /** Multiplies the rate from now on; call `advance` before. */
  scale(factor: number): void {
    this.#factor = factor;
  }

  /** The rate per second at `nowMs` of one connection (or of all, as the shape was meant), live changes included. */
  ratePerSecond(nowMs: number): number {
    return this.#shape.ratePerSecond(nowMs - this.#originMs) * this.#factor;
  }

  /** The shape's time 0 is `nowMs`; until then its first rate holds. */
  startShape(nowMs: number): void {
    this.#originMs = nowMs;
  }

  /** Time has come to `nowMs`; since the last call `weight` connections were open (or the share of a total rate). */
  advance(nowMs: number, weight: number): void {
    const fromMs = this.#times[this.#last]!;
    if (nowMs <= fromMs) return;
    const more = this.#between(fromMs, nowMs) * weight * this.#factor;
    this.#corner(nowMs, this.#counts[this.#last]! + more);
  }

  /** The planned moment of the next due message, which is now the caller's to send or to count as dropped; NaN when none is due. */
  take(): number {
    const position = this.#position;
    if (position > this.#counts[this.#last]!) return Number.NaN;
    while (this.#first + 1 < this.#last && this.#counts[this.#first + 1]! < position) this.#first += 1;
    this.#passed += 1;
    this.#position = position + (this.#shape.randomGaps ? this.#gap() : 1);
    const [startMs, start] = [this.#times[this.#first]!, this.#counts[this.#first]!];
    const count = this.#counts[this.#first + 1]! - start;
    return startMs + ((this.#times[this.#first + 1]! - startMs) * (position - start)) / count;
  }

  /** Drops what was planned `dropAfterMs` or longer before `nowMs`. @returns how many */
  dropOld(nowMs: number): number {
    const cutoffMs = nowMs - this.dropAfterMs;
    if (cutoffMs <= this.#times[this.#first]!) return 0;
    return this.#dropTo(this.#countAt(cutoffMs));
  }

  /** Drops all that is due: the end of the run. @returns how many */
  dropAll(): number {
    return this.#dropTo(this.#counts[this.#last]!);
  }

  /** Milliseconds until the next message is due if `weight` stays; 0 when one is due. */
  waitMs(nowMs: number, weight: number): number {
    const missing = this.#position - this.#counts[this.#last]!;
    if (missing <= 0) return 0;
    const perMs = (this.ratePerSecond(nowMs) * weight) / 1000;
    if (perMs <= 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#times[this.#last]! + missing / perMs - nowMs);
  }

  #between(fromMs: number, toMs: number): number {
    const origin = this.#originMs;
    if (fromMs >= origin) return this.#shape.expected(toMs - origin) - this.#shape.expected(fromMs - origin);
    const flatMs = Math.min(toMs, origin) - fromMs;
    const flat = (this.#shape.ratePerSecond(0) * flatMs) / 1000;
    return toMs <= origin ? flat : flat + this.#shape.expected(toMs - origin);
  }

  #corner(nowMs: number, count: number): void {
    // Everything before has been taken: the plan begins anew at its last corner.
    if (this.#position > this.#counts[this.#last]!) {
      this.#times[0] = this.#times[this.#last]!;
      this.#counts[0] = this.#counts[this.#last]!;
      this.#first = 0;
      this.#last = 0;
    }
    if (this.#last + 1 === MAX_CORNERS) this.#makeRoom();
    // With no room made (a debt of MAX_CORNERS ticks) the last piece grows: planned moments in it become approximate.
    if (this.#last + 1 < MAX_CORNERS) this.#last += 1;
    this.#times[this.#last] = nowMs;
    this.#counts[this.#last] = count;
  }

  #makeRoom(): void {
    this.#times.copyWithin(0, this.#first, this.#last + 1);
    this.#counts.copyWithin(0, this.#first, this.#last + 1);
    this.#last -= this.#first;
    this.#first = 0;
  }

  #countAt(atMs: number): number {
    let index = this.#first;
    while (index + 1 < this.#last && this.#times[index + 1]! < atMs) index += 1;
    const [startMs, start] = [this.#times[index]!, this.#counts[index]!];
    const share = (atMs - startMs) / (this.#times[index + 1]! - startMs);
    return start + (this.#counts[index + 1]! - start) * Math.min(1, share);
  }

  /** With the one at `count` itself: it was due when the line came to that height, which then may have lain flat for long. */
  #dropTo(count: number): number {
    let dropped = 0;
    if (!this.#shape.randomGaps) {
      dropped = Math.max(0, Math.floor(count - this.#position) + 1);
      this.#position += dropped;
    } else {
      for (; this.#position <= count; dropped++) this.#position += this.#gap();
    }
    this.#passed += dropped;
    return dropped;
  }

  /** Exponential with mean 1: the gaps of a Poisson process, in messages. */
  #gap(): number {
    return -Math.log(1 - this.#random());
  }
}
