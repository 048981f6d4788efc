/** Upper bounds of the buckets, in seconds: an upstream in the house answers in one millisecond, one far away in 200. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56,
];

/** Counts durations in fixed buckets. */
export class Latencies {
  /** One more than there are bounds. */
  readonly counts = new Float64Array(LATENCY_BOUNDS_SECONDS.length + 1);
  sumSeconds = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS_SECONDS.length && seconds > LATENCY_BOUNDS_SECONDS[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.sumSeconds += seconds;
  }
}
