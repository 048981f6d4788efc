import type { HostStatus, SeriesName } from "../../api.ts";
import { type ChartSpec, type Line, TONES } from "../chart/mod.ts";
import { keysOf } from "../names.ts";

/** What these charts draw: the page loads their history. */
export const MACHINE_SERIES: readonly string[] = [
  "tenk_host_disk_read_bytes_total",
  "tenk_host_disk_written_bytes_total",
  "node_disk_io_time_seconds_total",
  "node_load1",
  "node_load5",
  "node_load15",
  "node_pressure_cpu_waiting_seconds_total",
  "node_pressure_io_waiting_seconds_total",
  "node_pressure_io_stalled_seconds_total",
  "node_pressure_memory_waiting_seconds_total",
  "node_pressure_memory_stalled_seconds_total",
  "tenk_host_temperature_celsius",
  "tenk_host_throttled",
  "node_memory_SwapTotal_bytes",
  "node_memory_SwapFree_bytes",
  "tenk_host_core_busy_seconds_total",
  "node_network_receive_bytes_total",
  "node_network_transmit_bytes_total",
];

/** The charts of what this machine has: a line without series is left out, and a chart without lines. */
export function machineSpecs(names: readonly SeriesName[], host: HostStatus | undefined): ChartSpec[] {
  const line = (label: string, name: string, more: Omit<Line, "label" | "keys">): Line => {
    return { label, keys: keysOf(names, name), ...more };
  };
  const hasSwap = host?.swapTotalBytes !== 0;
  const specs: ChartSpec[] = [
    {
      title: "Disk reads and writes",
      unit: "bytesPerSecond",
      lines: [
        line("read", "tenk_host_disk_read_bytes_total", { tone: "accent", isFilled: true }),
        line("written", "tenk_host_disk_written_bytes_total", { tone: "ink", isDashed: true }),
      ],
    },
    { title: "Disks at work", unit: "share", lines: apart(names, "node_disk_io_time_seconds_total", "device") },
    {
      title: "Load average",
      unit: "load",
      lines: [
        line("1 min", "node_load1", { tone: "accent", isFilled: true }),
        line("5 min", "node_load5", { tone: "ink" }),
        line("15 min", "node_load15", { tone: "amber", isDashed: true }),
      ],
    },
    pressureSpec(line),
    {
      title: "Temperature",
      unit: "celsius",
      rightUnit: "share",
      lines: [
        line("temperature", "tenk_host_temperature_celsius", { tone: "accent" }),
        line("throttled", "tenk_host_throttled", { tone: "red", axis: "right", isFilled: true }),
      ],
    },
    {
      title: "Swap space in use",
      unit: "bytes",
      lines: hasSwap
        ? [
            line("used", "node_memory_SwapTotal_bytes", {
              minus: keysOf(names, "node_memory_SwapFree_bytes"),
              tone: "accent",
              isFilled: true,
            }),
          ]
        : [],
    },
    {
      title: "Processors, one by one",
      unit: "share",
      top: 1,
      lines: apart(names, "tenk_host_core_busy_seconds_total", "cpu", (cpu) => `cpu ${cpu}`),
    },
    {
      title: "Received, by device",
      unit: "bytesPerSecond",
      lines: apart(names, "node_network_receive_bytes_total", "device"),
    },
    {
      title: "Sent, by device",
      unit: "bytesPerSecond",
      lines: apart(names, "node_network_transmit_bytes_total", "device"),
    },
  ];
  return specs
    .map((spec) => ({ ...spec, lines: spec.lines.filter(({ keys }) => keys.length > 0) }))
    .filter(({ lines }) => lines.length > 0);
}

function pressureSpec(line: (label: string, name: string, more: Omit<Line, "label" | "keys">) => Line): ChartSpec {
  return {
    title: "Time lost to waiting",
    help: "Pressure: some program waited for it; “all”: nothing else went on meanwhile.",
    unit: "share",
    lines: [
      line("processor", "node_pressure_cpu_waiting_seconds_total", { tone: "accent", isFilled: true }),
      line("disk", "node_pressure_io_waiting_seconds_total", { tone: "ink" }),
      line("disk, all", "node_pressure_io_stalled_seconds_total", { tone: "amber", isDashed: true }),
      line("memory", "node_pressure_memory_waiting_seconds_total", { tone: "violet" }),
      line("memory, all", "node_pressure_memory_stalled_seconds_total", { tone: "red", isDashed: true }),
    ],
  };
}

/** One line for each value of a label, in the order of its numbers. */
function apart(
  names: readonly SeriesName[],
  name: string,
  label: string,
  words: (value: string) => string = (value) => value,
): Line[] {
  const series = names.filter((each) => each.name === name && each.labels[label] !== undefined);
  series.sort((a, b) => a.labels[label]!.localeCompare(b.labels[label]!, "en", { numeric: true }));
  return series.map(({ key, labels }, at) => ({
    label: words(labels[label]!),
    keys: [key],
    tone: TONES[at % TONES.length]!,
    isDashed: Math.floor(at / TONES.length) % 2 === 1,
    isFilled: series.length === 1,
  }));
}
