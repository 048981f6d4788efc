const ROWS = 4;
const COLUMNS = 4096;
/** Bytes one worker's sketch takes. */
export const SKETCH_BYTES = ROWS * COLUMNS * 4;

/**
 * Open connections per remote address, in fixed memory: a count-min sketch (Cormode and Muthukrishnan 2005).
 *
 * ```text
 *   hash 1 → row 1  [ . . 3 . . . . ]       an address is counted once in each row;
 *   hash 2 → row 2  [ . . . . 5 . . ]       its count is the smallest of the four: never too low,
 *   hash 3 → row 3  [ 3 . . . . . . ]       too high only when all four places are shared
 *   hash 4 → row 4  [ . . . 4 . . . ]       (64 KiB a worker, no table an attacker could fill)
 * ```
 *
 * The hashes are salted per process, so nobody can choose addresses that share the places of a neighbour. Each worker adds
 * to its own part of shared memory and reads all parts; workers accepting at the same moment may overshoot by one each.
 */
export class AddressSketch {
  readonly #all: Int32Array;
  readonly #own: Int32Array;
  readonly #salt: number;
  readonly #places = new Int32Array(ROWS);

  /** @param salt any 32-bit number, the same for all workers of a listener */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, worker: number, salt: number) {
    this.#all = new Int32Array(buffer);
    this.#own = new Int32Array(buffer, worker * SKETCH_BYTES, ROWS * COLUMNS);
    this.#salt = salt | 0;
  }

  /** Connections open from `address`, over all workers. */
  count(address: string): number {
    this.#locate(address);
    let least = Number.POSITIVE_INFINITY;
    for (const place of this.#places) {
      let total = 0;
      for (let index = place; index < this.#all.length; index += ROWS * COLUMNS) total += this.#all[index]!;
      if (total < least) least = total;
    }
    return least;
  }

  add(address: string, change: 1 | -1): void {
    this.#locate(address);
    for (const place of this.#places) this.#own[place]! += change;
  }

  /** FNV-1a over the text, then four independent finalisers (murmur3's) of the salted sum. */
  #locate(address: string): void {
    let hash = 0x811c9dc5 ^ this.#salt;
    for (let index = 0; index < address.length; index++) {
      hash = Math.imul(hash ^ address.charCodeAt(index), 0x01000193);
    }
    for (let row = 0; row < ROWS; row++) {
      let mixed = hash ^ Math.imul(this.#salt + row, 0x9e3779b1);
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#places[row] = row * COLUMNS + ((mixed ^ (mixed >>> 16)) & (COLUMNS - 1));
    }
  }
}
