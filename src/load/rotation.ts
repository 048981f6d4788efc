/**
 * Whose turn it is: messages go round the open connections, so that each gets as many as any other, to within one.
 *
 * ```text
 *   order  [ served this round | still to come ]       remove keeps both parts as they are:
 *                              ▲ cursor                a served one's place is filled by a served one
 * ```
 *
 * Who leaves changes the order of the others for the next round: a newcomer's second turn may then come before another's
 * first since it joined, and for that moment they are two apart.
 *
 * Adding, removing and the next turn are O(1); 8 bytes a connection.
 */
export class Rotation {
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  #cursor = 0;
  #size = 0;

  constructor(lanes: number) {
    this.#order = new Int32Array(lanes);
    this.#place = new Int32Array(lanes).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  has(lane: number): boolean {
    return this.#place[lane]! >= 0;
  }

  at(index: number): number {
    return this.#order[index]!;
  }

  /** The lane joins the part that is still to come. */
  add(lane: number): void {
    if (this.has(lane)) return;
    this.#put(lane, this.#size);
    this.#size += 1;
  }

  remove(lane: number): void {
    let place = this.#place[lane]!;
    if (place < 0) return;
    if (place < this.#cursor) {
      this.#cursor -= 1;
      this.#put(this.#order[this.#cursor]!, place);
      place = this.#cursor;
    }
    this.#size -= 1;
    // After a full round the place is the last one already: none is left to fill it.
    if (place < this.#size) this.#put(this.#order[this.#size]!, place);
    this.#place[lane] = -1;
  }

  /** The next lane; only when `size > 0`. */
  next(): number {
    if (this.#cursor >= this.#size) this.#cursor = 0;
    const lane = this.#order[this.#cursor]!;
    this.#cursor += 1;
    return lane;
  }

  /** Passes over so many turns: their messages were dropped. */
  skip(turns: number): void {
    if (this.#size > 0) this.#cursor = (this.#cursor + turns) % this.#size;
  }

  #put(lane: number, place: number): void {
    this.#order[place] = lane;
    this.#place[lane] = place;
  }
}
