import { TenkError } from "../../base/mod.ts";

/** No chart shows more points than this. */
export const MAX_POINTS = 2000;

export interface Resolution {
  readonly stepMs: number;
  readonly keepMs: number;
}

export interface Range {
  /** ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Minimum length of a bucket. @default {1000} */
  readonly stepMs?: number;
}

export interface BucketRange {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly length: number;
}

/**
 * Chooses the buckets for a range. They are not shorter than requested, than the finest resolution that still has the range's
 * beginning, or than {@link MAX_POINTS} allows. They begin at multiples of their length, so that a moving chart does not flicker.
 *
 * @param resolutions finest first
 * @throws {TenkError} `invalid-option` for a range that ends before it begins
 * @example
 * bucketsFor({ fromMs: 5500, toMs: 9000 }, 9000, [{ stepMs: 1000, keepMs: 60_000 }]);
 * // { fromMs: 5000, stepMs: 1000, length: 4 }
 */
export function bucketsFor(
  { fromMs, toMs, stepMs = 1000 }: Range,
  nowMs: number,
  resolutions: readonly Resolution[],
): BucketRange {
  if (!(toMs > fromMs) || !(stepMs > 0) || !Number.isFinite(toMs - fromMs + stepMs)) {
    const given = `from ${fromMs} to ${toMs} in steps of ${stepMs}`;
    throw new TenkError("invalid-option", `Cannot read history ${given}: expected a beginning before its end, in ms`);
  }
  const kept = resolutions.find(({ keepMs }) => nowMs - fromMs <= keepMs) ?? resolutions.at(-1)!;
  const least = Math.max(stepMs, kept.stepMs, (toMs - fromMs) / (MAX_POINTS - 1));
  const base = resolutions.findLast((each) => each.stepMs <= least) ?? kept;
  const step = Math.ceil(least / base.stepMs) * base.stepMs;
  const firstMs = Math.floor(fromMs / step) * step;
  return { fromMs: firstMs, stepMs: step, length: Math.ceil((toMs - firstMs) / step) };
}
