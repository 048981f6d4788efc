/** Event loop lag over the last `window` samples, exact rather than estimated. */
export interface RecentLag {
  /** @param lagMs how much later than planned a timer fired; below 0 counts as 0 */
  add(lagMs: number): void;
  /** Returns the lag that `fraction` of the recent samples did not exceed; 0 before the first. Sorts, so it is not for hot code. */
  quantileMs(fraction: number): number;
}

/**
 * @param window how many samples "recent" means; 600 are a minute at ten a second
 * @example
 * recentLag(4).quantileMs(0.99); // 0
 */
export function recentLag(window = 600): RecentLag {
  const recent = new Float64Array(window);
  let samples = 0;
  return {
    add(lagMs) {
      recent[samples % window] = Math.max(0, lagMs);
      samples += 1;
    },
    quantileMs(fraction) {
      const known = recent.slice(0, Math.min(samples, window)).sort();
      return known[Math.max(0, Math.ceil(known.length * fraction) - 1)] ?? 0;
    },
  };
}
