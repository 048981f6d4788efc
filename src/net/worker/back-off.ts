const FIRST_MS = 100;
const LAST_MS = 10_000;
const FORGIVEN_AFTER_MS = 60_000;

/** How long to wait before something is started again: 100 ms, twice as long each time within a minute of the last, at most 10 s. */
export class BackOff {
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  next(nowMs = performance.now()): number {
    this.#count = nowMs - this.#lastMs > FORGIVEN_AFTER_MS ? 1 : this.#count + 1;
    this.#lastMs = nowMs;
    return Math.min(LAST_MS, FIRST_MS * 2 ** (this.#count - 1));
  }
}
