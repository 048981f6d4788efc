import type { SeriesName } from "../../api.ts";
import type { ChartSpec, Line, Tone } from "../chart/mod.ts";
import { TONES } from "../chart/mod.ts";
import { deviceKeys, keysOf, labelText, OWN_LINES, type OwnMetric, ownUnit } from "../names.ts";

/** The layers of the chart and their modes of /proc/stat: idle is the rest, nice counts as user, softirq as irq. */
const CPU_LAYERS: readonly (readonly [label: string, modes: readonly string[], tone: Tone])[] = [
  ["user", ["user", "nice"], "accent"],
  ["system", ["system"], "ink"],
  ["iowait", ["iowait"], "amber"],
  ["irq", ["irq", "softirq"], "violet"],
  ["steal", ["steal"], "red"],
];

export function cpuSpec(names: readonly SeriesName[]): ChartSpec {
  const lines = CPU_LAYERS.map(([label, modes, tone]): Line => {
    return { label, tone, keys: modes.flatMap((mode) => keysOf(names, "tenk_host_cpu_seconds_total", { mode })) };
  });
  return {
    title: "CPU by mode",
    unit: "share",
    isStacked: true,
    top: 1,
    lines: lines.filter(({ keys }) => keys.length),
  };
}

export function memorySpec(names: readonly SeriesName[]): ChartSpec {
  return {
    title: "Memory of the machine and of tenk",
    unit: "bytes",
    rightUnit: "bytes",
    lines: [
      {
        label: "machine, used",
        keys: keysOf(names, "node_memory_MemTotal_bytes"),
        minus: keysOf(names, "node_memory_MemAvailable_bytes"),
        tone: "ink",
        isFilled: true,
      },
      { label: "tenk", keys: keysOf(names, "process_resident_memory_bytes"), tone: "accent", axis: "right" },
    ],
  };
}

export function networkSpec(names: readonly SeriesName[]): ChartSpec {
  return {
    title: "Network of the machine",
    unit: "bytesPerSecond",
    lines: [
      {
        label: "received",
        keys: deviceKeys(names, "tenk_host_network_receive_bytes_total"),
        tone: "accent",
        isFilled: true,
      },
      { label: "sent", keys: deviceKeys(names, "tenk_host_network_transmit_bytes_total"), tone: "ink", isDashed: true },
    ],
  };
}

export function processSpec(names: readonly SeriesName[]): ChartSpec {
  return {
    title: "Event loop lag and CPU",
    unit: "seconds",
    rightUnit: "share",
    lines: [
      { label: "lag", keys: keysOf(names, "tenk_event_loop_lag_max_seconds"), tone: "accent", isFilled: true },
      {
        label: "CPU, of one core",
        keys: keysOf(names, "process_cpu_seconds_total"),
        tone: "ink",
        axis: "right",
        isDashed: true,
      },
    ],
  };
}

/** All event loops, added up. */
export function heapSpec(names: readonly SeriesName[]): ChartSpec {
  return {
    title: "JavaScript heaps",
    unit: "bytes",
    lines: [{ label: "used", keys: keysOf(names, "tenk_runtime_heap_used_bytes"), tone: "accent", isFilled: true }],
  };
}

export function descriptorSpec(names: readonly SeriesName[]): ChartSpec {
  const keys = keysOf(names, "process_open_fds");
  return { title: "Open descriptors", unit: "count", lines: [{ label: "open", keys, tone: "accent", isFilled: true }] };
}

/** A chart of a user's own metric, from its name, help and unit. */
export function ownSpec({ name, help, unit, kind, series }: OwnMetric): ChartSpec {
  const lines = series.slice(0, OWN_LINES).map(({ key, labels }, index): Line => {
    const tone = TONES[index % TONES.length]!;
    return {
      label: labelText(labels) || "value",
      keys: [key],
      tone,
      isFilled: series.length === 1,
      isDashed: index % 2 === 1,
    };
  });
  return { title: name, help, unit: ownUnit(unit, kind), lines };
}
