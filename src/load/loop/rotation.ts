/**
 * Whose turn it is: messages go round the open connections, so that each gets as many as any other, to within one.
 *
 * ```text
 *   slot      0 1 2 3 4 5 6 7        a bit for each, set while it is open; the cursor goes round
 *   present   1 1 0 1 0 0 1 1        from set bit to set bit
 *                   ▲ cursor
 * ```
 *
 * A slot keeps its place while its connection is gone. If returning connections went to the end of the round, connections that
 * come and go quickly would prolong it for ever and take the turns of those that stay.
 *
 * Adding and removing are O(1), the next turn too, but for a step for each 32 slots in a row that are gone. 8 bytes a slot.
 */
export class Rotation {
  readonly #present: Int32Array;
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  #cursor = 0;
  #size = 0;

  constructor(slots: number) {
    this.#present = new Int32Array((slots + 31) >>> 5);
    this.#order = new Int32Array(slots);
    this.#place = new Int32Array(slots).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return this.#place[slot]! >= 0;
  }

  /** Any of them, by an index below `size`; in no order. */
  at(index: number): number {
    return this.#order[index]!;
  }

  add(slot: number): void {
    if (this.has(slot)) return;
    this.#present[slot >>> 5]! |= 1 << (slot & 31);
    this.#put(slot, this.#size);
    this.#size += 1;
  }

  remove(slot: number): void {
    const place = this.#place[slot]!;
    if (place < 0) return;
    this.#present[slot >>> 5]! &= ~(1 << (slot & 31));
    this.#size -= 1;
    this.#put(this.#order[this.#size]!, place);
    this.#place[slot] = -1;
  }

  /** The next slot; only when `size > 0`. */
  next(): number {
    const present = this.#present;
    let word = this.#cursor >>> 5;
    // A shift counts modulo 32, so a cursor at the start of a word masks nothing.
    let bits = word < present.length ? present[word]! & (-1 << (this.#cursor & 31)) : 0;
    while (bits === 0) {
      word = word + 1 < present.length ? word + 1 : 0;
      bits = present[word]!;
    }
    const slot = (word << 5) + 31 - Math.clz32(bits & -bits);
    this.#cursor = slot + 1;
    return slot;
  }

  /** Skips turns whose messages were dropped. */
  skip(turns: number): void {
    if (this.#size === 0) return;
    for (let left = turns % this.#size; left > 0; left--) this.next();
  }

  #put(slot: number, place: number): void {
    this.#order[place] = slot;
    this.#place[slot] = place;
  }
}
