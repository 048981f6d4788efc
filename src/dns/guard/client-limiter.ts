import { randomBytes } from "node:crypto";
import { ipWord } from "../local/mod.ts";

export interface LimitOptions {
  /** Queries that a client may send at once. */
  readonly queries: number;
  /** The time in which so many more become allowed, one by one. */
  readonly windowMs: number;
  /** Clients that are known at a time; a new one replaces the one that is furthest from its limit. */
  readonly maxClients: number;
}

const SLOTS_PER_BUCKET = 8;
/** Words of a key: the address. */
const WORDS = 4;

/**
 * Limits the queries of each client: a token bucket, kept as the one number that it needs (GCRA). The table has a fixed size and
 * a secret hash; nothing is allocated after construction.
 *
 * ```text
 *   full at ──────┬──────── now ─────────┬─── full at, after this query
 *      (a client whose bucket is full is like one never seen)   … at most `queries` ahead of now
 * ```
 *
 * A flood of forged addresses replaces the clients first that are furthest from their limit: who is above it is not forgotten for it.
 */
export class ClientLimiter {
  readonly #intervalMs: number;
  readonly #windowMs: number;
  readonly #buckets: number;
  readonly #keys: Int32Array;
  /** When each client's bucket is full again, in milliseconds since 1970. */
  readonly #fullAtMs: Float64Array;
  readonly #seed: number;

  constructor({ queries, windowMs, maxClients }: LimitOptions, seed = randomBytes(4).readInt32LE()) {
    this.#intervalMs = windowMs / queries;
    this.#windowMs = windowMs;
    this.#buckets = Math.max(1, Math.ceil(maxClients / SLOTS_PER_BUCKET));
    this.#keys = new Int32Array(this.#buckets * SLOTS_PER_BUCKET * WORDS);
    this.#fullAtMs = new Float64Array(this.#buckets * SLOTS_PER_BUCKET);
    this.#seed = seed;
  }

  /**
   * Counts a query, if its client may send it.
   *
   * @param words of the address that identify the client: 4, or 2 for an IPv6 network of 64 bits
   * @returns false if the client is above its limit
   */
  take(ip: Uint8Array, words: number, nowMs: number): boolean {
    const first = ipWord(ip, 0);
    const second = ipWord(ip, 4);
    const third = words > 2 ? ipWord(ip, 8) : 0;
    const last = words > 2 ? ipWord(ip, 12) : 0;
    const slot = this.#slotOf(first, second, third, last);
    const fullAtMs = this.#fullAtMs;
    // A clock that was set back must not lock anybody out for longer than a window.
    const knownMs = Math.min(fullAtMs[slot]!, nowMs + this.#windowMs);
    const nextMs = Math.max(nowMs, knownMs) + this.#intervalMs;
    // Less than a microsecond is what adding up fractions leaves.
    if (nextMs - nowMs - this.#windowMs > 0.001) {
      fullAtMs[slot] = knownMs;
      return false;
    }
    fullAtMs[slot] = nextMs;
    return true;
  }

  /** Returns the client's slot; for a new one, the slot of the client in its bucket that is furthest from its limit. */
  #slotOf(first: number, second: number, third: number, last: number): number {
    const keys = this.#keys;
    const fullAtMs = this.#fullAtMs;
    const from = this.#bucketOf(first, second, third, last) * SLOTS_PER_BUCKET;
    let oldest = from;
    for (let slot = from; slot < from + SLOTS_PER_BUCKET; slot++) {
      const at = slot * WORDS;
      if (keys[at + 3] === last && keys[at + 2] === third && keys[at + 1] === second && keys[at] === first) return slot;
      if (fullAtMs[slot]! < fullAtMs[oldest]!) oldest = slot;
    }
    keys[oldest * WORDS] = first;
    keys[oldest * WORDS + 1] = second;
    keys[oldest * WORDS + 2] = third;
    keys[oldest * WORDS + 3] = last;
    fullAtMs[oldest] = 0;
    return oldest;
  }

  #bucketOf(first: number, second: number, third: number, last: number): number {
    let hash = this.#seed ^ first;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ second;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ third;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ last;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) & 0x7fffffff) % this.#buckets;
  }
}
