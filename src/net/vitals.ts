import { gathering } from "./gathering.ts";
import { measureLoopLag } from "./loop-lag.ts";

/** Upper bounds of lag in seconds. Timers of the runtime count in milliseconds: an idle loop lands in the first two. */
export const LAG_BUCKETS_SECONDS: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** One event loop and its heap, as plain data that can travel between threads. */
export interface LoopVitals {
  /** Of JavaScript objects; undefined where the system does not tell, such as when descriptors are exhausted. */
  readonly heapUsedBytes: number | undefined;
  /** What the engine holds for them. */
  readonly heapTotalBytes: number | undefined;
  /** Outside of the heap, but owned by its objects: buffers. */
  readonly externalBytes: number | undefined;
  /** Garbage collections that were seen to reclaim something. */
  readonly collections: number;
  /** How many lags were within each of `LAG_BUCKETS_SECONDS`, cumulative, and above. */
  readonly lagCounts: readonly number[];
  readonly lagSumSeconds: number;
  /** Sleeps that let reads gather. */
  readonly gathers: number;
}

export interface VitalsReader {
  read(): LoopVitals;
  stop(): void;
}

/**
 * Watches the event loop and the heap of the thread it is called on. The engine tells neither how often it collects nor how
 * long that takes: collections are counted by an object that is let go each time, and their pauses are part of the lag.
 *
 * @param onLag called with each lag in milliseconds, ten times a second
 */
export function openVitals(onLag: (lagMs: number) => void = () => {}): VitalsReader {
  const lagCounts = new Array<number>(LAG_BUCKETS_SECONDS.length + 1).fill(0);
  let lagSumSeconds = 0;
  let isStopped = false;
  const meter = measureLoopLag((lagMs) => {
    const lagSeconds = lagMs / 1000;
    lagSumSeconds += lagSeconds;
    const bucket = LAG_BUCKETS_SECONDS.findIndex((most) => lagSeconds <= most);
    lagCounts[bucket < 0 ? LAG_BUCKETS_SECONDS.length : bucket]! += 1;
    onLag(lagMs);
  });
  let collections = 0;
  const registry = new FinalizationRegistry(() => {
    collections += 1;
    if (!isStopped) registry.register({}, undefined);
  });
  registry.register({}, undefined);
  return {
    read() {
      let sum = 0;
      const lags = lagCounts.map((count) => (sum += count));
      return { ...heap(), collections, lagCounts: lags, lagSumSeconds, gathers: gathering.count };
    },
    stop() {
      isStopped = true;
      meter.stop();
    },
  };
}

function heap(): Pick<LoopVitals, "heapUsedBytes" | "heapTotalBytes" | "externalBytes"> {
  try {
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    return { heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
  } catch {
    // It opens a file of /proc, for which there may be no descriptor; a scrape must go on.
    return { heapUsedBytes: undefined, heapTotalBytes: undefined, externalBytes: undefined };
  }
}
