/** Buckets of time as plain arrays; null in an empty bucket. */
export interface Buckets {
  /** When each bucket begins, ms since 1970. */
  readonly t: number[];
  readonly min: (number | null)[];
  readonly mean: (number | null)[];
  readonly max: (number | null)[];
}

/**
 * Equal buckets of time, which gather points of several sources (memory, disk). A point has the smallest, mean and largest value
 * over a span. Means are weighted by span; a spike of a second stays visible as `max`.
 *
 * @example
 * const grid = new TimeGrid(0, 10_000, 2);
 * grid.add(0, 1000, 1, 1, 1);
 * grid.add(1000, 1000, 5, 5, 5);
 * grid.finish(); // { t: [0, 10_000], min: [1, null], mean: [3, null], max: [5, null] }
 */
export class TimeGrid {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Sum of the means, each multiplied by its span. */
  readonly sum: Float64Array;
  /** Milliseconds that points cover; 0 in an empty bucket. */
  readonly weight: Float64Array;

  constructor(fromMs: number, stepMs: number, length: number) {
    this.fromMs = fromMs;
    this.stepMs = stepMs;
    this.min = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.max = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
    this.sum = new Float64Array(length);
    this.weight = new Float64Array(length);
  }

  /** Adds a point over [atMs, atMs + spanMs) to the bucket that it begins in; one longer than a bucket to all that it covers. */
  add(atMs: number, spanMs: number, min: number, mean: number, max: number): void {
    const first = Math.floor((atMs - this.fromMs) / this.stepMs);
    const count = Math.max(1, Math.floor(spanMs / this.stepMs));
    const weight = Math.min(spanMs, this.stepMs);
    for (let bucket = Math.max(0, first); bucket < Math.min(first + count, this.min.length); bucket++) {
      if (min < this.min[bucket]!) this.min[bucket] = min;
      if (max > this.max[bucket]!) this.max[bucket] = max;
      this.sum[bucket]! += mean * weight;
      this.weight[bucket]! += weight;
    }
  }

  /** Adds the buckets of another grid, which must have the same times. */
  addGrid(other: Pick<TimeGrid, "min" | "max" | "sum" | "weight">): void {
    for (let bucket = 0; bucket < this.min.length; bucket++) {
      if (!(other.weight[bucket]! > 0)) continue;
      this.min[bucket] = Math.min(this.min[bucket]!, other.min[bucket]!);
      this.max[bucket] = Math.max(this.max[bucket]!, other.max[bucket]!);
      this.sum[bucket]! += other.sum[bucket]!;
      this.weight[bucket]! += other.weight[bucket]!;
    }
  }

  meanOf(bucket: number): number {
    return meanWithin(this.sum[bucket]! / this.weight[bucket]!, this.min[bucket]!, this.max[bucket]!);
  }

  finish(): Buckets {
    const { length } = this.min;
    const seen = (bucket: number) => this.weight[bucket]! > 0;
    const column = (value: (bucket: number) => number) =>
      Array.from({ length }, (_, bucket) => (seen(bucket) ? value(bucket) : null));
    return {
      t: Array.from({ length }, (_, bucket) => this.fromMs + bucket * this.stepMs),
      min: column((bucket) => this.min[bucket]!),
      mean: column((bucket) => this.meanOf(bucket)),
      max: column((bucket) => this.max[bucket]!),
    };
  }
}

/** Rounding of doubles can put a mean slightly outside of the values. */
function meanWithin(mean: number, min: number, max: number): number {
  return mean < min ? min : mean > max ? max : mean;
}
