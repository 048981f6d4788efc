/**
 * Counts of event loops, a row of doubles (exact to 2^53) for each, in memory that threads may share. A loop writes only its
 * own row, without a message or an atomic, and readers add the rows up. A part lays its row out by `countLayout`.
 */
export class Rows {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  readonly all: Float64Array;
  readonly rows: number;
  readonly #length: number;

  /** @param length of a row, in doubles */
  constructor(
    length: number,
    rows: number,
    buffer: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(rows * length * 8),
  ) {
    this.buffer = buffer;
    this.all = new Float64Array(buffer);
    this.rows = rows;
    this.#length = length;
  }

  row(index: number): Float64Array {
    return this.all.subarray(index * this.#length, (index + 1) * this.#length);
  }

  /** Over all rows. */
  sum(place: number): number {
    let total = 0;
    for (let index = place; index < this.all.length; index += this.#length) total += this.all[index]!;
    return total;
  }
}
