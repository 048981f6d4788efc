import { type Level, ROW_SERIES, ROWS_LIMIT } from "./levels.ts";
import { membersOf } from "./members.ts";
import { decodePoints } from "./points.ts";

/** Aggregates rows of a finer level into one block of a coarser one. */
export class RollUp {
  readonly #fine: Level;
  readonly #coarse: Level;
  readonly #startMs: number;
  readonly #decoded: Float32Array;
  /** By series, for each coarse point: min, sum of means, max, count. */
  readonly #sums = new Map<number, Float64Array>();

  constructor(fine: Level, coarse: Level, startMs: number) {
    this.#fine = fine;
    this.#coarse = coarse;
    this.#startMs = startMs;
    this.#decoded = new Float32Array(fine.points * 3);
  }

  /** @param id the row's key, from which its block and its series follow */
  add(id: number, row: Uint8Array): void {
    const block = Math.floor(id / ROWS_LIMIT);
    const first = (id % ROWS_LIMIT) * ROW_SERIES;
    for (const [member, encoded] of membersOf(row).entries()) {
      if (encoded !== undefined) this.#addSeries(first + member, block, encoded);
    }
  }

  #addSeries(series: number, block: number, encoded: Uint8Array): void {
    const sums = this.#sumsOf(series);
    const points = this.#decoded;
    decodePoints(encoded, points);
    const offsetMs = block * this.#fine.blockMs - this.#startMs;
    for (let point = 0; point < this.#fine.points; point++) {
      const mean = points[point * 3 + 1]!;
      if (Number.isNaN(mean)) continue;
      const at = Math.floor((offsetMs + point * this.#fine.stepMs) / this.#coarse.stepMs) * 4;
      const isFirst = sums[at + 3] === 0;
      sums[at] = isFirst ? points[point * 3]! : Math.min(sums[at]!, points[point * 3]!);
      sums[at + 1]! += mean;
      sums[at + 2] = isFirst ? points[point * 3 + 2]! : Math.max(sums[at + 2]!, points[point * 3 + 2]!);
      sums[at + 3]! += 1;
    }
  }

  /** In the order of their ids. */
  *series(): Iterable<[id: number, points: Float32Array]> {
    for (const id of [...this.#sums.keys()].sort((a, b) => a - b)) {
      const sums = this.#sums.get(id)!;
      const points = new Float32Array(this.#coarse.points * 3);
      for (let point = 0; point < this.#coarse.points; point++) {
        const [min, sum, max, count] = sums.subarray(point * 4, point * 4 + 4) as unknown as [
          number,
          number,
          number,
          number,
        ];
        points[point * 3] = count === 0 ? Number.NaN : min;
        points[point * 3 + 1] = Math.min(max, Math.max(min, sum / count));
        points[point * 3 + 2] = count === 0 ? Number.NaN : max;
      }
      yield [id, points];
    }
  }

  #sumsOf(series: number): Float64Array {
    let sums = this.#sums.get(series);
    if (sums === undefined) {
      sums = new Float64Array(this.#coarse.points * 4);
      this.#sums.set(series, sums);
    }
    return sums;
  }
}
