/** Buckets of time as plain arrays; null where nothing is known. */
export interface Buckets {
  /** When each bucket begins, ms since 1970. */
  readonly t: number[];
  readonly min: (number | null)[];
  readonly mean: (number | null)[];
  readonly max: (number | null)[];
}

/**
 * Equal buckets of time, into which points from several places (memory, disk) are gathered. A point is what was seen over
 * a span: its smallest, mean and largest value. A mean counts by its span; a spike of a second stays visible as `max`.
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
  /** Of the means, each times its span. */
  readonly sum: Float64Array;
  /** Milliseconds that were seen; 0 marks an empty bucket. */
  readonly weight: Float64Array;

  constructor(fromMs: number, stepMs: number, length: number) {
    this.fromMs = fromMs;
    this.stepMs = stepMs;
    this.min = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.max = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
    this.sum = new Float64Array(length);
    this.weight = new Float64Array(length);
  }

  /** A point over [atMs, atMs + spanMs) goes to the bucket it begins in; one longer than a bucket to all it covers. */
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

  /** Adds another's buckets; both must be of the same time. */
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

/** A sum of doubles divided again may land a hair outside of what was added. */
function meanWithin(mean: number, min: number, max: number): number {
  return mean < min ? min : mean > max ? max : mean;
}
