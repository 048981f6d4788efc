import type { Histogram } from "hdr-histogram-js";

/** What a histogram of `emptyHistogram` has beside its declared methods: its counts, by index. */
export interface Indexed extends Histogram {
  readonly countsArrayLength: number;
  countsArrayIndex(value: number): number;
  getCountAtIndex(index: number): number;
  valueFromIndex(index: number): number;
  highestEquivalentValue(value: number): number;
}

/** A histogram that can be posted between threads. */
export interface EncodedHistogram {
  /** The index of the first count. */
  readonly first: number;
  readonly counts: Float64Array;
  readonly min: number;
  readonly max: number;
}

/**
 * Returns what was recorded, from the smallest value to the largest; undefined where nothing was. Takes about 0.1 ms: workers do
 * it four times a second on the event loop that sends, where the library's compressed text takes up to ten.
 */
export function encodeHistogram(histogram: Histogram): EncodedHistogram | undefined {
  if (histogram.totalCount === 0) return undefined;
  const indexed = histogram as Indexed;
  const { minNonZeroValue: min, maxValue: max } = histogram;
  const first = indexed.countsArrayIndex(min);
  const counts = new Float64Array(indexed.countsArrayIndex(max) - first + 1);
  for (let index = 0; index < counts.length; index++) counts[index] = indexed.getCountAtIndex(first + index);
  return { first, counts, min, max };
}

/** Adds what `encodeHistogram` made to a histogram of the same kind. */
export function addEncoded(histogram: Histogram, encoded: EncodedHistogram | undefined): void {
  if (encoded === undefined) return;
  const { first, counts, min, max } = encoded;
  const { length } = counts;
  for (let index = 0; index < length; index++) {
    const count = counts[index]!;
    if (count === 0) continue;
    // The first and the last are recorded as values that were there, so that the largest stays exact.
    const value = index === length - 1 ? max : index === 0 ? min : (histogram as Indexed).valueFromIndex(first + index);
    histogram.recordValueWithCount(value, count);
  }
}
