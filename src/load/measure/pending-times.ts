const STEPS = 4096;

/**
 * When those began that have not ended yet: a count for each step of time, so that it takes 32 KiB however many they are.
 *
 * ```text
 *   began   0    1    2    3    4   …   4095      1 ms a step at first; when time runs beyond the last one,
 *   open    0    3    0    0   17   …      2      two neighbours become one and a step is twice as long
 * ```
 *
 * Moments are whole microseconds of the run, and one that is removed must be the very one that was added.
 */
export class PendingTimes {
  readonly #counts = new Float64Array(STEPS);
  #stepUs = 1000;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(beganUs: number, count = 1): void {
    while (beganUs >= STEPS * this.#stepUs) this.#fold();
    this.#counts[Math.floor(beganUs / this.#stepUs)]! += count;
    this.#size += count;
  }

  remove(beganUs: number): void {
    this.#counts[Math.floor(beganUs / this.#stepUs)]! -= 1;
    this.#size -= 1;
  }

  /** Calls for each step with how long, at least, those that began in it have waited; negative where it is not over. */
  each(nowUs: number, call: (waitedUs: number, count: number) => void): void {
    if (this.#size === 0) return;
    for (let step = 0; step < STEPS; step++) {
      const count = this.#counts[step]!;
      if (count > 0) call(nowUs - (step + 1) * this.#stepUs, count);
    }
  }

  #fold(): void {
    const counts = this.#counts;
    for (let step = 0; step < STEPS / 2; step++) counts[step] = counts[2 * step]! + counts[2 * step + 1]!;
    counts.fill(0, STEPS / 2);
    this.#stepUs *= 2;
  }
}
