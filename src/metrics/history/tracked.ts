import type { Labels, SeriesName } from "./disk.ts";

/** A quarter of an hour, and a minute so that a chart of it has its left edge. */
export const RING_SECONDS = 960;

/** One series in memory: its last seconds, and the ten seconds it is in. */
export class Tracked implements SeriesName {
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly type: "counter" | "gauge";
  /** By second modulo the ring's length; valid where the ring's column is of that second. 3.8 KB. */
  readonly values = new Float32Array(RING_SECONDS).fill(Number.NaN);
  /** When it was last read, by the clock that only goes forward. */
  readMs: number;
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
  }

  /**
   * What is kept of a reading: a gauge as it is; of a counter, what it grew by a second since its last reading, however
   * long ago. One that is lower than before began again at zero. NaN where nothing can be said, as at a counter's first.
   */
  valueOf(reading: number, elapsedMs: number): number {
    if (!Number.isFinite(reading)) return Number.NaN;
    const seconds = (elapsedMs - this.readMs) / 1000;
    this.readMs = elapsedMs;
    if (this.type === "gauge") return reading;
    const grown = reading < this.#lastCount ? reading : reading - this.#lastCount;
    this.#lastCount = reading;
    return seconds > 0 ? grown / seconds : Number.NaN;
  }

  /** Counts a second's value into the ten seconds. */
  gather(value: number): void {
    if (Number.isNaN(value)) return;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
    this.#count += 1;
  }

  /** The point of the ten seconds so far, or undefined where there was no value. */
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
