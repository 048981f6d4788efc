/** Longer pauses are for the configuration: `blocking: { enabled: false }`. A timer cannot wait for more than 24 days. */
export const MAX_PAUSE_MS = 7 * 86_400_000;

/** Blocking that is paused for a while; it resumes by itself. A restart resumes it too. */
export class BlockingPause {
  readonly #changed: () => void;
  #untilMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed called when it begins and when it ends */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isOn(): boolean {
    return this.#untilMs !== undefined;
  }

  /** When blocking resumes, ms since 1970; undefined where it is not paused. */
  get untilMs(): number | undefined {
    return this.#untilMs;
  }

  /** Pauses blocking from now on, or resumes it where `ms` is 0. */
  set(ms: number): void {
    this.stop();
    if (ms > 0) {
      this.#untilMs = Date.now() + ms;
      this.#timer = setTimeout(() => this.set(0), ms);
      this.#timer.unref();
    }
    this.#changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#untilMs = undefined;
  }
}
