import type { Sample } from "./exposition.ts";

/** Returns a histogram's values as Prometheus names them. @param cumulative counts, one more than there are bounds */
export function histogramSamples(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  cumulative: readonly number[],
  sum: number,
): Sample[] {
  const buckets = cumulative.map((value, index) => ({
    value,
    suffix: "_bucket",
    labels: { ...labels, le: index < bounds.length ? String(bounds[index]) : "+Inf" },
  }));
  const count = cumulative.at(-1) ?? 0;
  return [...buckets, { value: sum, labels, suffix: "_sum" }, { value: count, labels, suffix: "_count" }];
}
