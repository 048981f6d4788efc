const SECOND_MS = 1000;

/**
 * Lines that may be printed in a second, and how many were not. Without a clock: the time comes with each question.
 *
 * @example
 * const budget = new LineBudget(1);
 * budget.takes(0, 1); // true
 * budget.takes(10, 4); // false
 * budget.missed(999); // 0
 * budget.missed(1000); // 4
 */
export class LineBudget {
  readonly #linesPerSecond: number;
  #fromMs = Number.NEGATIVE_INFINITY;
  #used = 0;
  #missed = 0;

  constructor(linesPerSecond: number) {
    this.#linesPerSecond = linesPerSecond;
  }

  /** Whether `lines` may be printed: all of them or none; the last ones of a second may go over. */
  takes(nowMs: number, lines: number): boolean {
    if (this.#isOver(nowMs)) {
      this.#fromMs = nowMs;
      this.#used = 0;
    }
    if (this.#used >= this.#linesPerSecond) {
      this.#missed += lines;
      return false;
    }
    this.#used += lines;
    return true;
  }

  /** Lines that were not printed in a second that is over, once; 0 while it goes on. */
  missed(nowMs: number): number {
    if (this.#missed === 0 || !this.#isOver(nowMs)) return 0;
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }

  #isOver(nowMs: number): boolean {
    // A clock that was put back begins a new second too.
    return nowMs - this.#fromMs >= SECOND_MS || nowMs < this.#fromMs;
  }
}
