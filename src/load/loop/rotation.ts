/**
 * Whose turn it is: messages go round the open connections, so that each gets as many as any other, to within one.
 *
 * ```text
 *   lane      0 1 2 3 4 5 6 7        a bit for each, set while it is open; the cursor goes round
 *   present   1 1 0 1 0 0 1 1        from set bit to set bit
 *                   ▲ cursor
 * ```
 *
 * A lane has its place also while it is gone. Were those that come back put at the end of those still to come, a round would
 * never end where some come and go faster than it takes, and they would have the turns of all that stay.
 *
 * Adding and removing are O(1), the next turn too, but for a step for each 32 lanes in a row that are gone. 8 bytes a lane.
 */
export class Rotation {
  readonly #present: Int32Array;
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  #cursor = 0;
  #size = 0;

  constructor(lanes: number) {
    this.#present = new Int32Array((lanes + 31) >>> 5);
    this.#order = new Int32Array(lanes);
    this.#place = new Int32Array(lanes).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  has(lane: number): boolean {
    return this.#place[lane]! >= 0;
  }

  /** Any of them, by an index below `size`; in no order. */
  at(index: number): number {
    return this.#order[index]!;
  }

  add(lane: number): void {
    if (this.has(lane)) return;
    this.#present[lane >>> 5]! |= 1 << (lane & 31);
    this.#put(lane, this.#size);
    this.#size += 1;
  }

  remove(lane: number): void {
    const place = this.#place[lane]!;
    if (place < 0) return;
    this.#present[lane >>> 5]! &= ~(1 << (lane & 31));
    this.#size -= 1;
    this.#put(this.#order[this.#size]!, place);
    this.#place[lane] = -1;
  }

  /** The next lane; only when `size > 0`. */
  next(): number {
    const present = this.#present;
    let word = this.#cursor >>> 5;
    // A shift counts modulo 32: of a full word nothing is masked.
    let bits = word < present.length ? present[word]! & (-1 << (this.#cursor & 31)) : 0;
    while (bits === 0) {
      word = word + 1 < present.length ? word + 1 : 0;
      bits = present[word]!;
    }
    const lane = (word << 5) + 31 - Math.clz32(bits & -bits);
    this.#cursor = lane + 1;
    return lane;
  }

  /** Passes over so many turns: their messages were dropped. */
  skip(turns: number): void {
    if (this.#size === 0) return;
    for (let left = turns % this.#size; left > 0; left--) this.next();
  }

  #put(lane: number, place: number): void {
    this.#order[place] = lane;
    this.#place[lane] = place;
  }
}
