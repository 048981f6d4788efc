/** A key with its count. */
export interface TopCount {
  readonly key: string;
  /** At least so often: what was counted before it lost its place, or while it had none, is missing. */
  readonly count: number;
  /** How many of them were marked. */
  readonly marked: number;
}

/**
 * Counts the most frequent of any number of keys in a fixed number of slots (Space-Saving, Metwally et al. 2005, with randomized
 * admission, Ben Basat et al. 2017): a key without a slot takes that of the rarest one, the less likely the more often that was seen. So
 * a flood of keys that come once changes little, and costs little. A known key allocates nothing.
 */
export class TopCounts {
  readonly #hashes: Int32Array;
  /** Counts as Space-Saving has them: with those of the keys that had the slot before. */
  readonly #counts: Float64Array;
  readonly #inherited: Float64Array;
  readonly #marked: Float64Array;
  readonly #keys: string[] = [];
  /** No slot has a lower count; the search for one with it goes on from here. */
  #floor = 0;
  #cursor = 0;
  #random: number;

  constructor(slots: number, seed: number) {
    this.#hashes = new Int32Array(slots);
    this.#counts = new Float64Array(slots);
    this.#inherited = new Float64Array(slots);
    this.#marked = new Float64Array(slots);
    this.#random = seed | 1;
  }

  get size(): number {
    return this.#keys.length;
  }

  /**
   * Returns the slot of a key; -1 when it has none: `take` one, if `admits` says so.
   *
   * @param hash of the key; two keys with the same one would be one
   */
  slotOf(hash: number): number {
    const slot = this.#hashes.indexOf(hash | 0);
    return slot < this.#keys.length ? slot : -1;
  }

  /** Returns whether a new key gets a slot. */
  admits(): boolean {
    if (this.#keys.length < this.#hashes.length) return true;
    // xorshift32
    let random = this.#random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.#random = random;
    return (random >>> 0) * (this.#floor + 1) < 2 ** 32;
  }

  /** Gives a key a free slot, or that of the rarest key. @returns the slot */
  take(hash: number, key: string): number {
    const isFree = this.#keys.length < this.#hashes.length;
    const slot = isFree ? this.#keys.length : this.#rarest();
    this.#hashes[slot] = hash | 0;
    this.#keys[slot] = key;
    this.#inherited[slot] = this.#counts[slot]!;
    this.#marked[slot] = 0;
    return slot;
  }

  add(slot: number, isMarked: boolean, count = 1): void {
    this.#counts[slot]! += count;
    if (isMarked) this.#marked[slot]! += count;
  }

  /** Returns all keys, in no order. */
  *all(): Generator<TopCount> {
    for (const [slot, key] of this.#keys.entries())
      yield { key, count: this.#counts[slot]! - this.#inherited[slot]!, marked: this.#marked[slot]! };
  }

  #rarest(): number {
    const counts = this.#counts;
    for (let round = 0; round < 2; round++) {
      for (let step = 0; step < counts.length; step++) {
        this.#cursor = (this.#cursor + 1) % counts.length;
        if (counts[this.#cursor]! <= this.#floor) return this.#cursor;
      }
      this.#floor = counts.reduce((least, count) => Math.min(least, count));
    }
    return this.#cursor;
  }
}

/** Adds up several counts, and returns the most frequent keys, the most frequent first. */
export function topOf(counts: Iterable<TopCounts>, limit: number, by: "count" | "marked" = "count"): TopCount[] {
  const sums = new Map<string, { key: string; count: number; marked: number }>();
  for (const each of counts) {
    for (const { key, count, marked } of each.all()) {
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { key, count, marked });
      else {
        sum.count += count;
        sum.marked += marked;
      }
    }
  }
  return [...sums.values()]
    .filter((sum) => sum[by] > 0)
    .sort((a, b) => b[by] - a[by] || (a.key < b.key ? -1 : 1))
    .slice(0, limit);
}
