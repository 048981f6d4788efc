import type { Family, Sample } from "../metrics/mod.ts";
import { type HistogramCounts, LAG_BUCKETS_SECONDS, type ListenerCounts, type LoopVitals } from "../net/mod.ts";
import type { RunningListener } from "./listener.ts";

/**
 * The heap of each event loop, and how late those of workers were.
 *
 * @param main of the thread this is called on
 */
export async function runtimeFamilies(running: readonly RunningListener[], main: LoopVitals): Promise<Family[]> {
  const perListener = await Promise.all(running.map(({ server }) => server.vitals()));
  const workers = running.flatMap(({ name }, index) =>
    (perListener[index] ?? []).map((vitals) => ({
      vitals,
      labels: { listener: name, worker: String(vitals.worker) },
    })),
  );
  const loops = [
    { vitals: main, loop: "main" },
    ...workers.map(({ vitals, labels }) => ({ vitals, loop: `${labels.listener}/${labels.worker}` })),
  ];
  const each = (
    name: string,
    type: Family["type"],
    help: string,
    pick: (vitals: LoopVitals) => number | undefined,
  ) => ({
    name: `tenk_runtime_${name}`,
    help,
    type,
    samples: loops.flatMap(({ vitals, loop }): Sample[] => {
      const value = pick(vitals);
      return value === undefined ? [] : [{ value, labels: { loop } }];
    }),
  });
  return [
    each("heap_used_bytes", "gauge", "JavaScript objects.", ({ heapUsedBytes }) => heapUsedBytes),
    each("heap_total_bytes", "gauge", "What the engine holds for them.", ({ heapTotalBytes }) => heapTotalBytes),
    each("external_bytes", "gauge", "Buffers outside of the heap.", ({ externalBytes }) => externalBytes),
    each("collections_total", "counter", "Garbage collections seen.", ({ collections }) => collections),
    {
      name: "tenk_worker_event_loop_lag_seconds",
      help: "How much later than asked a timer of a worker's event loop fired.",
      type: "histogram",
      samples: workers.flatMap(({ vitals, labels }) =>
        histogramSamples(labels, LAG_BUCKETS_SECONDS, vitals.lagCounts, vitals.lagSumSeconds),
      ),
    },
  ];
}

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

/** @param cumulative one more than there are bounds */
function histogramSamples(
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
