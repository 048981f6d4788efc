/**
 * A queue of slots to be opened, at a fixed rate, the first at once. Each slot is in it at most once.
 */
export class DialQueue {
  readonly #slots: Int32Array;
  readonly #gapMs: number;
  #head = 0;
  #length = 0;
  #nextMs: number;

  /** @param perSecond Infinity = all at once */
  constructor(slots: number, perSecond: number, startMs: number) {
    this.#slots = new Int32Array(slots);
    this.#gapMs = 1000 / perSecond;
    this.#nextMs = startMs;
  }

  get length(): number {
    return this.#length;
  }

  push(slot: number, nowMs: number): void {
    // Unused turns are not saved up: a quiet minute must not be followed by a burst of connects.
    if (this.#length === 0) this.#nextMs = Math.max(this.#nextMs, nowMs);
    this.#slots[(this.#head + this.#length) % this.#slots.length] = slot;
    this.#length += 1;
  }

  /** Returns the next slot that is due, or -1. */
  take(nowMs: number): number {
    if (this.#length === 0 || this.#nextMs > nowMs) return -1;
    const slot = this.#slots[this.#head]!;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#length -= 1;
    this.#nextMs += this.#gapMs;
    return slot;
  }

  /** Returns the milliseconds until the next slot is due. */
  waitMs(nowMs: number): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.#nextMs - nowMs);
  }
}
