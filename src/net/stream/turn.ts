/** Waits for the next event; creates a promise only when somebody waits. */
export class Turn {
  #wake: (() => void)[] = [];

  /** @param atMost wait no longer than so many milliseconds */
  next(atMost?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = atMost === undefined ? undefined : setTimeout(() => this.tell(), atMost);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Wakes all that wait. */
  tell(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
