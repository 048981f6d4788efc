import type { Family } from "../exposition.ts";
import type { Take } from "./history.ts";

/**
 * Passes families to a history. Histograms and summaries keep their count and sum but not their buckets: charts show rates and
 * means, and each bucket would be a series.
 *
 * @example
 * const taken: string[] = [];
 * takeFamilies([{ name: "a", help: "A.", type: "gauge", samples: [{ value: 1, labels: {} }] }], (name) => taken.push(name));
 * taken; // ["a"]
 */
export function takeFamilies(families: readonly Family[], take: Take): void {
  for (const { name, type, samples } of families) {
    const isWhole = type === "counter" || type === "gauge" || type === "untyped";
    for (const { value, labels, suffix = "" } of samples) {
      if (isWhole) take(name, type === "counter" ? "counter" : "gauge", value, labels);
      else if (suffix === "_count" || suffix === "_sum") take(name + suffix, "counter", value, labels);
    }
  }
}
