/** How much a connection may save up while it is idle. */
const SAVED_MS = 100;

/**
 * A bandwidth for each connection (a token bucket, RFC 2697's single rate without the colours). A message may
 * overdraw its bucket, so that one larger than the bucket goes through; the debt is worked off before the next.
 */
export class TokenBuckets {
  readonly #perMs: number;
  readonly #tokens: Float64Array;
  readonly #atMs: Float64Array;

  constructor(slots: number, bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1000;
    this.#tokens = new Float64Array(slots);
    this.#atMs = new Float64Array(slots);
  }

  /** The slot begins anew. */
  reset(slot: number, nowMs: number): void {
    this.#tokens[slot] = 0;
    this.#atMs[slot] = nowMs;
  }

  mayPass(slot: number, nowMs: number): boolean {
    const saved = this.#tokens[slot]! + (nowMs - this.#atMs[slot]!) * this.#perMs;
    this.#tokens[slot] = Math.min(saved, this.#perMs * SAVED_MS);
    this.#atMs[slot] = nowMs;
    return this.#tokens[slot]! >= 0;
  }

  spend(slot: number, bytes: number): void {
    this.#tokens[slot]! -= bytes;
  }

  /** Milliseconds until something may pass again. */
  waitMs(slot: number): number {
    return Math.max(0, -this.#tokens[slot]! / this.#perMs);
  }
}
