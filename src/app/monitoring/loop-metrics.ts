import { type Family, histogramSamples, type Sample } from "../../metrics/mod.ts";
import { LAG_BUCKETS_SECONDS, type LoopVitals, type ThreadVitals } from "../../net/mod.ts";

/**
 * Returns the heap and the lag of each event loop. Listeners share threads, so that each thread is counted once.
 *
 * @param main vitals of the calling thread
 */
export function loopFamilies(main: LoopVitals, threads: readonly ThreadVitals[]): Family[] {
  const loops: readonly { readonly loop: string; readonly vitals: LoopVitals }[] = [
    { loop: "main", vitals: main },
    ...threads.map((vitals) => ({ loop: `thread-${vitals.thread}`, vitals })),
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
      name: "tenk_event_loop_gathers_total",
      help: "Sleeps of an event loop that let reads gather under dense traffic.",
      type: "counter" as const,
      samples: loops.map(({ vitals, loop }) => ({ value: vitals.gathers, labels: { loop } })),
    },
    lag("tenk_event_loop_lag_seconds", "the main", lagSamples({}, main)),
    lag(
      "tenk_worker_event_loop_lag_seconds",
      "a worker thread's",
      threads.flatMap((vitals) => lagSamples({ thread: String(vitals.thread) }, vitals)),
    ),
  ].filter(({ samples }) => samples.length > 0);
}

function lag(name: string, whose: string, samples: Sample[]): Family {
  return { name, help: `How much later than asked a timer of ${whose} event loop fired.`, type: "histogram", samples };
}

function lagSamples(labels: Readonly<Record<string, string>>, { lagCounts, lagSumSeconds }: LoopVitals): Sample[] {
  return histogramSamples(labels, LAG_BUCKETS_SECONDS, lagCounts, lagSumSeconds);
}
