import type { PartsAnswer, SeriesName } from "../api.ts";
import type { Unit } from "./format.ts";

/** Names that tenk and the exporters it speaks like have taken; any other is a metric of the user's own. */
const TAKEN = /^(tenk|process|node|go|up|scrape|nodejs|bun)(_|$)/;

/** What the charts draw of tenk's own and the machine's. */
const CHARTED = new Set([
  "tenk_tcp_connections_active",
  "tenk_tcp_reads_total",
  "tenk_tcp_frames_read_total",
  "tenk_tcp_bytes_read_total",
  "tenk_tcp_bytes_written_total",
  "tenk_tcp_write_queue_bytes",
  "tenk_event_loop_lag_max_seconds",
  "process_resident_memory_bytes",
  "tenk_runtime_heap_used_bytes",
  "process_cpu_seconds_total",
  "process_open_fds",
  "tenk_host_cpu_seconds_total",
  "node_memory_MemTotal_bytes",
  "node_memory_MemAvailable_bytes",
  "tenk_host_network_receive_bytes_total",
  "tenk_host_network_transmit_bytes_total",
]);

/** Lines in one chart of a metric of the user's own. */
export const OWN_LINES = 6;
/** Metrics of the user's own that are drawn; a page of hundreds of charts helps nobody. */
const OWN_CHARTS = 40;

/** The series that are asked for when the page loads a range. */
export function chartedKeys(names: readonly SeriesName[], panels: PartsAnswer = []): string[] {
  const ofParts = panels.flatMap(({ panel }) => panel?.charts ?? []).flatMap(({ series }) => series);
  const charted = new Set([...CHARTED, ...ofParts.map(({ name }) => name)]);
  const own = ownMetrics(names).flatMap(({ series }) => series.slice(0, OWN_LINES));
  return [...names.filter(({ name }) => charted.has(name)), ...own].map(({ key }) => key);
}

/** The keys of a metric's series, those with these labels. */
export function keysOf(
  names: readonly SeriesName[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): string[] {
  return names
    .filter(
      (each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    )
    .map(({ key }) => key);
}

/** The keys of a listener's series, or of all listeners'. */
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

/** One metric of the user's own with all its label sets. */
export interface OwnMetric {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly kind: SeriesName["kind"];
  readonly series: readonly SeriesName[];
}

export function ownMetrics(names: readonly SeriesName[]): OwnMetric[] {
  const byName = new Map<string, SeriesName[]>();
  for (const each of names) {
    if (TAKEN.test(each.name)) continue;
    const known = byName.get(each.name);
    if (known === undefined) byName.set(each.name, [each]);
    else known.push(each);
  }
  return [...byName].slice(0, OWN_CHARTS).map(([name, series]) => {
    const { help, unit, kind } = series[0]!;
    return { name, help, unit, kind, series };
  });
}

/** What tells a series from the others of its metric: `worker 1, room lobby`. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label} ${value}`)
    .join(", ");
}

/** The keys of a metric of the network's devices, without the box's talk to itself. */
export function deviceKeys(names: readonly SeriesName[], name: string): string[] {
  return names.filter((each) => each.name === name && each.labels.device !== "lo").map(({ key }) => key);
}

/** What a chart of a metric of one's own counts in. */
export function ownUnit(unit: string, kind: SeriesName["kind"]): Unit {
  if (unit === "bytes") return kind === "rate" ? "bytesPerSecond" : "bytes";
  if (unit === "celsius") return "celsius";
  if (unit === "ratio") return "share";
  if (unit === "seconds") return kind === "rate" ? "share" : "seconds";
  return kind === "rate" ? "perSecond" : "count";
}
