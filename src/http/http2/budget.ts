/** Counts what a client makes us do, and forgives with time. */
export class Budget {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #atMs = 0;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
  }

  /** Takes one. @returns whether there was one */
  take(nowMs: number): boolean {
    if (this.#left < this.#burst) this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    this.#left -= 1;
    return this.#left >= 0;
  }
}
