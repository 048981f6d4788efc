import type { SeriesName } from "../../api.ts";
import { keysOf } from "../names.ts";

/** The series that the charts of this part draw. */
export const TCP_CHARTED: readonly string[] = [
  "tenk_tcp_connections_active",
  "tenk_tcp_reads_total",
  "tenk_tcp_frames_read_total",
  "tenk_tcp_bytes_read_total",
  "tenk_tcp_bytes_written_total",
  "tenk_tcp_write_queue_bytes",
];

/** The keys of a listener's series; without a listener, of all. */
export function listenerKeys(names: readonly SeriesName[], name: string, listener?: string): string[] {
  return keysOf(names, name, listener === undefined ? {} : { listener });
}

/** Finds the key of a series of one of a listener's workers, or of the thread that it runs on. */
export function workerKeys(
  names: readonly SeriesName[],
  listener: string,
  threads: readonly (number | null)[] = [],
): (name: string, worker: number) => string | undefined {
  const keys = new Map<string, string>();
  for (const { key, name, labels } of names) {
    if (labels.worker !== undefined) keys.set(`${name} ${labels.listener}/${labels.worker}`, key);
    else if (labels.thread !== undefined) keys.set(`${name} thread-${labels.thread}`, key);
    else if (labels.loop !== undefined) keys.set(`${name} ${labels.loop}`, key);
  }
  return (name, worker) => keys.get(`${name} ${listener}/${worker}`) ?? keys.get(`${name} thread-${threads[worker]}`);
}
