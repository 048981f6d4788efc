import { type Family, histogramSamples, type Sample } from "../metrics/mod.ts";
import { LAG_BUCKETS_SECONDS, type LoopVitals } from "../net/mod.ts";

/** An event loop and its heap. */
export interface NamedLoop {
  /** `main`, or where its worker is: `packets/0`. */
  readonly loop: string;
  /** Of a worker. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly vitals: LoopVitals;
}

/** The heap of each event loop, and how late each was. */
export function loopFamilies(loops: readonly NamedLoop[]): Family[] {
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
  const main = loops.filter(({ labels }) => labels === undefined);
  const workers = loops.filter(({ labels }) => labels !== undefined);
  return [
    each("heap_used_bytes", "gauge", "JavaScript objects.", ({ heapUsedBytes }) => heapUsedBytes),
    each("heap_total_bytes", "gauge", "What the engine holds for them.", ({ heapTotalBytes }) => heapTotalBytes),
    each("external_bytes", "gauge", "Buffers outside of the heap.", ({ externalBytes }) => externalBytes),
    each("collections_total", "counter", "Garbage collections seen.", ({ collections }) => collections),
    lag("tenk_event_loop_lag_seconds", "How much later than asked a timer of the main event loop fired.", main),
    lag(
      "tenk_worker_event_loop_lag_seconds",
      "How much later than asked a timer of a worker's event loop fired.",
      workers,
    ),
  ].filter(({ samples }) => samples.length > 0);
}

function lag(name: string, help: string, loops: readonly NamedLoop[]): Family {
  const samples = loops.flatMap(({ vitals, labels = {} }) =>
    histogramSamples(labels, LAG_BUCKETS_SECONDS, vitals.lagCounts, vitals.lagSumSeconds),
  );
  return { name, help, type: "histogram", samples };
}
