/** Steps in a factor of two. */
const STEPS = 16;
const STEP_BITS = 4;

/** As many buckets take every number of 32 bits. */
export const BUCKETS = 464;

/** Returns the place of a latency: exact below 16 µs, else within 6 % of its neighbours. */
export function bucketOf(us: number): number {
  const whole = us >>> 0;
  const bits = 31 - Math.clz32(whole | 1);
  if (bits < STEP_BITS) return whole;
  return (bits - STEP_BITS + 1) * STEPS + ((whole >>> (bits - STEP_BITS)) & (STEPS - 1));
}

/** Returns the middle of a bucket, in microseconds. */
export function middleUs(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  const from = (STEPS + (bucket % STEPS)) * 2 ** shift;
  return Math.floor(from + (2 ** shift - 1) / 2);
}

/** Returns the latency that so many percent of all counted ones do not exceed; 0 where there is none. */
export function quantileUs(buckets: Float64Array, percent: number): number {
  const rank = Math.ceil((percent / 100) * buckets.reduce((sum, count) => sum + count, 0));
  let seen = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    seen += buckets[bucket]!;
    if (seen >= rank && seen > 0) return middleUs(bucket);
  }
  return 0;
}
