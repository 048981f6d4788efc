import { type Family, histogramSamples } from "../../metrics/mod.ts";
import type { HistogramCounts, ListenerCounts } from "../../net/mod.ts";

/** How long each listener's connections lasted, and how long their first byte took. */
export function listenerHistograms(
  listeners: Iterable<{ readonly name: string; readonly counts: ListenerCounts }>,
): Family[] {
  const all = [...listeners];
  const family = (name: string, help: string, pick: (counts: ListenerCounts) => HistogramCounts): Family => ({
    name: `tenk_tcp_${name}`,
    help,
    type: "histogram",
    samples: all.flatMap(({ name: listener, counts }) => {
      const { boundsSeconds, counts: perBucket, sumSeconds } = pick(counts);
      let sum = 0;
      const cumulative = perBucket.map((count) => (sum += count));
      return histogramSamples({ listener }, boundsSeconds, cumulative, sumSeconds);
    }),
  });
  return [
    family("connection_lifetime_seconds", "How long connections lasted.", ({ lifetimes }) => lifetimes),
    family("first_byte_seconds", "From a connection's begin to its first byte.", ({ firstBytes }) => firstBytes),
  ];
}
