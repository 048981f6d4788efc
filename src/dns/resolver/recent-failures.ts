/** Beyond this, the oldest are dropped. */
const MAX_FAILURES = 1000;

/** Questions that no upstream answered a moment ago, so that clients that repeat them do not load the upstreams. */
export class RecentFailures {
  /** When each failure expires, the oldest first. */
  readonly #untilMs = new Map<string, number>();
  readonly #keptMs: number;

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  has(key: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(key);
    return untilMs !== undefined && nowMs < untilMs;
  }

  add(key: string, nowMs: number): void {
    this.#untilMs.delete(key);
    this.#untilMs.set(key, nowMs + this.#keptMs);
    for (const oldest of this.#untilMs.keys()) {
      if (this.#untilMs.size <= MAX_FAILURES) break;
      this.#untilMs.delete(oldest);
    }
  }

  clear(): void {
    this.#untilMs.clear();
  }

  delete(key: string): void {
    this.#untilMs.delete(key);
  }
}
