import type { Labels, SeriesName } from "./disk.ts";

/** A quarter of an hour, and a minute more so that a chart of it has its left edge. */
export const RING_SECONDS = 960;

/** One series in memory: its last seconds, and the ten-second point in progress. */
export class Tracked implements SeriesName {
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
  /** Indexed by second modulo the ring's length; valid where the ring's column belongs to that second. 3.8 KB. */
  readonly values = new Float32Array(RING_SECONDS).fill(Number.NaN);
  /** When it was last read, by the monotonic clock. */
  readMs: number;
  readonly #labelCount: number;
  #lastCount = Number.NaN;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #count = 0;

  constructor(key: string, name: string, labels: Labels, type: "counter" | "gauge", elapsedMs: number) {
    this.key = key;
    this.name = name;
    this.labels = labels;
    this.type = type;
    this.readMs = elapsedMs;
    this.#labelCount = Object.keys(labels).length;
  }

  /** Whether it is the series of this name and these labels, in any order. */
  is(name: string, labels: Labels): boolean {
    if (name !== this.name) return false;
    let count = 0;
    for (const label in labels) {
      if (labels[label] !== this.labels[label]) return false;
      count += 1;
    }
    return count === this.#labelCount;
  }

  /**
   * Returns the value to keep: a gauge as it is, a counter as its growth per second since it was last read. A counter that is
   * lower than before restarted at zero. NaN where there is no value, as at a counter's first read.
   */
  valueOf(read: number, elapsedMs: number): number {
    if (!Number.isFinite(read)) return Number.NaN;
    const seconds = (elapsedMs - this.readMs) / 1000;
    this.readMs = elapsedMs;
    if (this.type === "gauge") return read;
    const grown = read < this.#lastCount ? read : read - this.#lastCount;
    this.#lastCount = read;
    return seconds > 0 ? grown / seconds : Number.NaN;
  }

  /** Adds a second's value to the point in progress. */
  gather(value: number): void {
    if (Number.isNaN(value)) return;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
    this.#count += 1;
  }

  /** Returns the point so far, or undefined where there was no value. */
  point(): readonly [min: number, mean: number, max: number] | undefined {
    if (this.#count === 0) return undefined;
    const mean = Math.fround(this.#sum / this.#count);
    return [this.#min, Math.min(this.#max, Math.max(this.#min, mean)), this.#max];
  }

  beginPoint(): void {
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    this.#count = 0;
  }
}
