import type { HistoryBlock } from "./disk.ts";
import type { Tracked } from "./tracked.ts";

export const POINT_MS = 10_000;
export const BLOCK_POINTS = 30;
export const BLOCK_MS = POINT_MS * BLOCK_POINTS;

/** Five minutes of ten-second points that are not on disk yet. 360 bytes per series. */
export class OpenBlock {
  readonly startMs: number;
  /** Start of its first point. Earlier points of the block may be on disk, from before a restart. */
  firstMs = Number.POSITIVE_INFINITY;
  readonly #rows = new Map<Tracked, Float32Array>();

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  put(series: Tracked, atMs: number, [min, mean, max]: readonly [number, number, number]): void {
    let row = this.#rows.get(series);
    if (row === undefined) {
      row = new Float32Array(BLOCK_POINTS * 3).fill(Number.NaN);
      this.#rows.set(series, row);
    }
    const at = ((atMs - this.startMs) / POINT_MS) * 3;
    row[at] = min;
    row[at + 1] = mean;
    row[at + 2] = max;
    this.firstMs = Math.min(this.firstMs, atMs);
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  series(): Iterable<Tracked> {
    return this.#rows.keys();
  }

  /** Calls `take` for each point of a series. */
  read(series: Tracked, take: (atMs: number, min: number, mean: number, max: number) => void): void {
    const row = this.#rows.get(series);
    if (row === undefined) return;
    for (let point = 0; point < BLOCK_POINTS; point++) {
      const mean = row[point * 3 + 1]!;
      if (!Number.isNaN(mean)) take(this.startMs + point * POINT_MS, row[point * 3]!, mean, row[point * 3 + 2]!);
    }
  }

  /** Returns plain data, for the disk. */
  plain(): HistoryBlock {
    const points = new Float32Array(this.#rows.size * BLOCK_POINTS * 3);
    let at = 0;
    for (const row of this.#rows.values()) {
      points.set(row, at);
      at += row.length;
    }
    const series = [...this.#rows.keys()].map(({ name, labels, type }) => ({ name, labels, type }));
    return { startMs: this.startMs, series, points };
  }
}
