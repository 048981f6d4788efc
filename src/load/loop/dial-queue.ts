/**
 * When which connection is to be opened: so many a second, each at its planned moment, the first at once. A queue of
 * lanes, of which each is in it at most once.
 */
export class DialQueue {
  readonly #lanes: Int32Array;
  readonly #gapMs: number;
  #head = 0;
  #length = 0;
  #nextMs: number;

  /** @param perSecond Infinity = all at once */
  constructor(lanes: number, perSecond: number, startMs: number) {
    this.#lanes = new Int32Array(lanes);
    this.#gapMs = 1000 / perSecond;
    this.#nextMs = startMs;
  }

  get length(): number {
    return this.#length;
  }

  push(lane: number, nowMs: number): void {
    // Turns that nobody used are gone: a reconnect after a quiet minute must not be followed by a burst.
    if (this.#length === 0) this.#nextMs = Math.max(this.#nextMs, nowMs);
    this.#lanes[(this.#head + this.#length) % this.#lanes.length] = lane;
    this.#length += 1;
  }

  /** The next lane whose moment has come, or -1. */
  take(nowMs: number): number {
    if (this.#length === 0 || this.#nextMs > nowMs) return -1;
    const lane = this.#lanes[this.#head]!;
    this.#head = (this.#head + 1) % this.#lanes.length;
    this.#length -= 1;
    this.#nextMs += this.#gapMs;
    return lane;
  }

  /** Milliseconds until the next moment. */
  waitMs(nowMs: number): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.#nextMs - nowMs);
  }
}
