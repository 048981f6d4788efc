import type { State } from "../health/mod.ts";

/** What a service's time is divided into. `starting` counts as `down`: it cannot be used. */
export const TIMES = ["up", "degraded", "down", "unknown", "maintenance"] as const;
/** Milliseconds in each of `TIMES`. */
export type Times = readonly [up: number, degraded: number, down: number, unknown: number, maintenance: number];

const PLACES: Readonly<Record<State, number>> = {
  pending: -1,
  up: 0,
  degraded: 1,
  down: 2,
  starting: 2,
  unknown: 3,
  maintenance: 4,
};
const NOTHING: Times = [0, 0, 0, 0, 0];

/** Returns the place of a state in `Times`; -1 for one whose time does not count. */
export function timeOf(state: State): number {
  return PLACES[state];
}

/**
 * Time in each state, by hours or by days: the last `length` of them, each at the place of its number. A later one replaces the one
 * whose place it has. 24 bytes each.
 */
export class TimeTotals {
  readonly length: number;
  readonly #keys: Int32Array;
  readonly #ms: Uint32Array;

  constructor(length: number) {
    this.length = length;
    this.#keys = new Int32Array(length).fill(-1);
    this.#ms = new Uint32Array(length * TIMES.length);
  }

  /** @param key number of the hour or day @param time place in `TIMES` */
  add(key: number, time: number, ms: number): void {
    const at = this.#placeOf(key);
    if (this.#keys[at] !== key) {
      this.#keys[at] = key;
      this.#ms.fill(0, at * TIMES.length, (at + 1) * TIMES.length);
    }
    this.#ms[at * TIMES.length + time]! += ms;
  }

  /** Returns the milliseconds in one state. */
  ms(key: number, time: number): number {
    const at = this.#placeOf(key);
    return this.#keys[at] === key ? this.#ms[at * TIMES.length + time]! : 0;
  }

  times(key: number): Times {
    if (!this.has(key)) return NOTHING;
    return [this.ms(key, 0), this.ms(key, 1), this.ms(key, 2), this.ms(key, 3), this.ms(key, 4)];
  }

  has(key: number): boolean {
    return this.#keys[this.#placeOf(key)] === key;
  }

  /** Drops all later ones: they are from a clock that was wrong. */
  forgetAfter(key: number): void {
    for (let at = 0; at < this.length; at++) if (this.#keys[at]! > key) this.#keys[at] = -1;
  }

  /** Returns the newest that it has; undefined for none. */
  get newest(): number | undefined {
    const newest = this.#keys.reduce((most, key) => Math.max(most, key), -1);
    return newest < 0 ? undefined : newest;
  }

  #placeOf(key: number): number {
    return ((key % this.length) + this.length) % this.length;
  }
}
