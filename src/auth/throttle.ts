export interface ThrottleOptions {
  /** Attempts of one address without a wait. @default {5} */
  readonly free?: number;
  /** The wait after those, doubled by each further attempt. ms @default {1000} */
  readonly waitMs?: number;
  /** ms @default {300000} */
  readonly maxWaitMs?: number;
  /** An address without attempts for this long is forgotten. ms @default {900000} */
  readonly forgetMs?: number;
  /** A further address makes the least recent one be forgotten. @default {1000} */
  readonly maxAddresses?: number;
  /** Wrong attempts of all addresses together before everybody waits; one a second is taken off. @default {60} */
  readonly freeOfAll?: number;
}

interface Attempts {
  count: number;
  lastMs: number;
}

/**
 * Slows down guessing. An attempt is counted before it is verified, so that a thousand at once are not all free; a right one is
 * taken off again. Time is an argument.
 */
export class Throttle {
  readonly #options: Required<ThrottleOptions>;
  /** In the order of their last attempt. */
  readonly #attempts = new Map<string, Attempts>();
  #ofAll = 0;
  #ofAllMs = 0;

  constructor(options: ThrottleOptions = {}) {
    this.#options = {
      free: 5,
      waitMs: 1000,
      maxWaitMs: 300_000,
      forgetMs: 900_000,
      maxAddresses: 1000,
      freeOfAll: 60,
      ...options,
    };
  }

  get size(): number {
    return this.#attempts.size;
  }

  /** Returns how long an address has to wait before its next attempt, in milliseconds; of its own attempts alone. */
  waitOf(address: string, nowMs: number): number {
    const { free, waitMs, maxWaitMs } = this.#options;
    const attempts = this.#remembered(address, nowMs);
    if (attempts === undefined || attempts.count < free) return 0;
    return Math.max(0, attempts.lastMs + Math.min(maxWaitMs, waitMs * 2 ** (attempts.count - free)) - nowMs);
  }

  /**
   * Counts an attempt, unless it has to wait.
   *
   * @param isGuessable false for a secret of 256 bits: then only the address's own count matters
   * @returns how long to wait, in milliseconds; 0 when the attempt is counted and may go on
   */
  begin(address: string, nowMs: number, isGuessable: boolean): number {
    const waitMs = Math.max(this.waitOf(address, nowMs), isGuessable ? this.#waitOfAll(nowMs) : 0);
    if (waitMs > 0) return waitMs;
    const count = (this.#remembered(address, nowMs)?.count ?? 0) + 1;
    this.#attempts.delete(address);
    this.#attempts.set(address, { count, lastMs: nowMs });
    if (this.#attempts.size > this.#options.maxAddresses) this.#forgetOldest();
    if (isGuessable) this.#ofAll += 1;
    return 0;
  }

  /** Takes off an attempt that was right. */
  forgive(address: string, isGuessable: boolean): void {
    this.#attempts.delete(address);
    if (isGuessable) this.#ofAll = Math.max(0, this.#ofAll - 1);
  }

  #remembered(address: string, nowMs: number): Attempts | undefined {
    const attempts = this.#attempts.get(address);
    return attempts !== undefined && nowMs - attempts.lastMs < this.#options.forgetMs ? attempts : undefined;
  }

  #waitOfAll(nowMs: number): number {
    const forgiven = Math.floor(Math.max(0, nowMs - this.#ofAllMs) / 1000);
    if (forgiven > 0) {
      this.#ofAll = Math.max(0, this.#ofAll - forgiven);
      this.#ofAllMs = nowMs;
    }
    return this.#ofAll < this.#options.freeOfAll ? 0 : 1000;
  }

  #forgetOldest(): void {
    for (const address of this.#attempts.keys()) {
      this.#attempts.delete(address);
      return;
    }
  }
}
