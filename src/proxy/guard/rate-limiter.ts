/** Addresses that are kept, at most twice. About 5 MB. */
const MAX_ADDRESSES = 20_000;

/**
 * Requests of one address per second, with a burst, on one event loop: a token bucket, kept as the one number that it needs
 * (GCRA). Looking at a known address allocates nothing.
 *
 * ```text
 *   full at ──────┬──────── now ─────────┬─── full at, after this request
 *      (an address that is full is as one never seen)   … at most `burst` requests ahead of now
 * ```
 */
export class RateLimiter {
  readonly #intervalMs: number;
  /** How far ahead of now an address may be, with the request that is asked about. */
  readonly #aheadMs: number;
  readonly #maxAddresses: number;
  /** When an address may send its whole burst again. Addresses move to the newer table when they are seen. */
  #newer = new Map<string, number>();
  #older = new Map<string, number>();

  /** @param perSecond ≥ 1 @param burst ≥ 1 */
  constructor(perSecond: number, burst: number, maxAddresses = MAX_ADDRESSES) {
    this.#intervalMs = 1000 / perSecond;
    this.#aheadMs = burst * this.#intervalMs;
    this.#maxAddresses = maxAddresses;
  }

  /** Addresses that are kept. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Counts a request, if it may go on. @returns how long its address must wait, in milliseconds; 0 = it may go on */
  take(key: string, nowMs: number): number {
    const known = this.#newer.get(key);
    const fullAtMs = Math.max(nowMs, known ?? this.#older.get(key) ?? 0) + this.#intervalMs;
    const waitMs = fullAtMs - nowMs - this.#aheadMs;
    // Less than a microsecond is what adding up fractions leaves.
    if (waitMs > 0.001) return waitMs;
    if (known === undefined && this.#newer.size >= this.#maxAddresses) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, fullAtMs);
    return 0;
  }
}
