import type { PartsAnswer, SeriesName } from "../api.ts";
import type { Unit } from "./format.ts";

/** Prefixes of tenk and of well-known exporters; a metric with any other name is the user's own. */
const TAKEN = /^(tenk|process|node|go|up|scrape|nodejs|bun)(_|$)/;

/** The series that the charts of the process and the machine draw. */
const CHARTED = new Set([
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
/** Charts of the user's own metrics at most: nobody reads hundreds. */
const OWN_CHARTS = 40;

/**
 * The series that the page loads for a range.
 *
 * @param ofViews names that parts with a view of their own draw
 */
export function chartedKeys(
  names: readonly SeriesName[],
  ofViews: readonly string[],
  panels: PartsAnswer = [],
): string[] {
  const ofPanels = panels.flatMap(({ panel }) => panel?.charts ?? []).flatMap(({ series }) => series);
  const charted = new Set([...CHARTED, ...ofViews, ...ofPanels.map(({ name }) => name)]);
  const own = ownMetrics(names).flatMap(({ series }) => series.slice(0, OWN_LINES));
  return [...names.filter(({ name }) => charted.has(name)), ...own].map(({ key }) => key);
}

/** Returns the keys of a metric's series that have these labels. */
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

/** Returns the labels of a series as text: `worker 1, room lobby`. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label} ${value}`)
    .join(", ");
}

/** Returns the keys of a metric of the network devices, without loopback. */
export function deviceKeys(names: readonly SeriesName[], name: string): string[] {
  return names.filter((each) => each.name === name && each.labels.device !== "lo").map(({ key }) => key);
}

/** Returns the unit of the chart of a user's own metric. */
export function ownUnit(unit: string, kind: SeriesName["kind"]): Unit {
  if (unit === "bytes") return kind === "rate" ? "bytesPerSecond" : "bytes";
  if (unit === "celsius") return "celsius";
  if (unit === "ratio") return "share";
  if (unit === "seconds") return kind === "rate" ? "share" : "seconds";
  return kind === "rate" ? "perSecond" : "count";
}
