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

  constructor(lanes: number, bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1000;
    this.#tokens = new Float64Array(lanes);
    this.#atMs = new Float64Array(lanes);
  }

  /** The lane begins anew. */
  reset(lane: number, nowMs: number): void {
    this.#tokens[lane] = 0;
    this.#atMs[lane] = nowMs;
  }

  mayPass(lane: number, nowMs: number): boolean {
    const saved = this.#tokens[lane]! + (nowMs - this.#atMs[lane]!) * this.#perMs;
    this.#tokens[lane] = Math.min(saved, this.#perMs * SAVED_MS);
    this.#atMs[lane] = nowMs;
    return this.#tokens[lane]! >= 0;
  }

  spend(lane: number, bytes: number): void {
    this.#tokens[lane]! -= bytes;
  }

  /** Milliseconds until something may pass again. */
  waitMs(lane: number): number {
    return Math.max(0, -this.#tokens[lane]! / this.#perMs);
  }
}
