import { type Metric, oncePerTurn, type ProcessSample } from "../../metrics/mod.ts";

/** Metrics of the process, under the names of Prometheus's client libraries, which ready-made dashboards know. */
export function processMetrics(read: () => ProcessSample): Metric[] {
  const sample = oncePerTurn(read);
  const metric = (
    type: Metric["type"],
    name: string,
    help: string,
    pick: (sample: ProcessSample) => number | undefined,
  ): Metric => ({
    type,
    name,
    help,
    read(report) {
      const value = pick(sample());
      if (value !== undefined) report(value);
    },
  });
  return [
    metric(
      "counter",
      "process_cpu_seconds_total",
      "Processor time, user and system.",
      (process) => process.cpuUserSeconds + process.cpuSystemSeconds,
    ),
    metric(
      "counter",
      "process_cpu_user_seconds_total",
      "Processor time in the program.",
      (process) => process.cpuUserSeconds,
    ),
    metric(
      "counter",
      "process_cpu_system_seconds_total",
      "Processor time in the kernel on its behalf.",
      (process) => process.cpuSystemSeconds,
    ),
    metric("gauge", "process_resident_memory_bytes", "Memory in RAM.", (process) => process.residentBytes),
    metric(
      "gauge",
      "tenk_process_anonymous_memory_bytes",
      "Memory in RAM that is the process's own, not pages of files.",
      (process) => process.anonymousBytes,
    ),
    metric("gauge", "process_virtual_memory_bytes", "Address space.", (process) => process.virtualBytes),
    metric("gauge", "process_open_fds", "Open file descriptors.", (process) => process.openDescriptors),
    metric("gauge", "process_max_fds", "File descriptors that may be open.", (process) => process.maxDescriptors),
    metric("gauge", "process_start_time_seconds", "Start, in seconds since 1970.", (process) => process.startSeconds),
  ];
}
