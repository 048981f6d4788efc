import { type Log, messageOf, occasionally } from "../../base/mod.ts";
import {
  everySecond,
  type Family,
  type History,
  type HostSample,
  type Metric,
  type Take,
  takeFamilies,
} from "../../metrics/mod.ts";

export interface SamplingOptions {
  readonly history: History;
  /** Read each second, from plain fields. */
  readonly metrics: () => readonly Metric[];
  readonly host: () => HostSample;
  /** Returns the longest lag of the event loop since the last call. ms */
  readonly takeLagMs: () => number;
  /** Requests metrics from event loops: called each second, and sampled when the answers have come. */
  readonly gather: () => Promise<readonly Family[]>;
  readonly onSecond: () => void;
  readonly log: Log;
}

export interface Sampling {
  /** The machine's last sample; undefined before the first. */
  readonly host: HostSample | undefined;
  /** The sample a second before. */
  readonly hostBefore: HostSample | undefined;
  /** Returns the help text of a sampled metric; "" when it is unknown. */
  helpOf(name: string): string;
  /** Takes a sample now, for tests. */
  tick(nowMs: number, elapsedMs: number): void;
  stop(): void;
}

const LAG = "tenk_event_loop_lag_max_seconds";
const LAG_HELP = "The longest that the main event loop was held up.";

/** Samples once a second everything that charts show. */
export function startSampling(options: SamplingOptions): Sampling {
  const { history, metrics, host, takeLagMs, onSecond } = options;
  const helps = new Map<string, string>([[LAG, LAG_HELP], ...HOST_HELPS]);
  let [before, now]: [HostSample | undefined, HostSample | undefined] = [undefined, undefined];
  const gathered = gathering(options, helps);

  function readHost(): void {
    [before, now] = [now, host()];
  }
  function sample(nowMs: number, elapsedMs: number): void {
    history.sample(nowMs, elapsedMs, (take) => {
      for (const metric of metrics()) {
        if (metric.isKept === false) continue;
        helps.set(metric.name, metric.help);
        takeMetric(metric, take);
      }
      take(LAG, "gauge", takeLagMs() / 1000);
      if (now !== undefined) takeHost(now, take);
      takeFamilies(gathered.families(), take);
    });
    onSecond();
  }
  function tick(nowMs: number, elapsedMs: number): void {
    gathered.ask();
    readHost();
    sample(nowMs, elapsedMs);
  }
  // Rates need two samples: the first is taken at once.
  tick(Date.now(), performance.now());
  // A step takes a millisecond, several on a small machine. With one worker this event loop has connections as well: they get
  // their turn between the steps.
  const steps = [gathered.ask, readHost, () => sample(Date.now(), performance.now())];
  let isStopped = false;
  const timer = everySecond(() => void inTurns(steps, () => isStopped));
  return {
    get host() {
      return now;
    },
    get hostBefore() {
      return before;
    },
    helpOf: (name) => helps.get(name) ?? helps.get(name.replace(/_(count|sum)$/, "")) ?? "",
    tick,
    stop() {
      isStopped = true;
      timer.stop();
    },
  };
}

/** Runs each step in a turn of the event loop of its own. */
async function inTurns(steps: readonly (() => void)[], isStopped: () => boolean): Promise<void> {
  for (const step of steps) {
    if (isStopped()) return;
    step();
    await new Promise(setImmediate);
  }
}

/** Leaves out reasons of which there was none yet: there are dozens. */
function takeMetric({ name, type, read }: Metric, take: Take): void {
  read((value, labels) => {
    if (value === 0 && labels?.reason !== undefined) return;
    take(name, type, value, labels);
  });
}

/** Answers are sampled a second later, so that a worker which is held up delays nothing else. */
function gathering({ gather, log }: SamplingOptions, helps: Map<string, string>) {
  let families: readonly Family[] = [];
  let isAsking = false;
  const logFailure = occasionally<string>((count, error) => log.warn("metrics not gathered", { error, count }), 60_000);
  async function ask(): Promise<void> {
    try {
      families = await gather();
      for (const { name, help } of families) helps.set(name, help);
    } catch (error) {
      logFailure(messageOf(error));
    }
    isAsking = false;
  }
  return {
    families: () => families,
    ask() {
      if (isAsking) return;
      isAsking = true;
      void ask();
    },
  };
}

const HOST_HELPS: readonly (readonly [name: string, help: string])[] = [
  [
    "tenk_host_cpu_seconds_total",
    "Time of the mean processor in each mode, so that all modes together grow by 1 per second.",
  ],
  [
    "tenk_host_core_busy_seconds_total",
    "Time in which a processor was busy, of the first 16: all but idle and waiting for a disk.",
  ],
  ["node_load1", "Processes that run or wait to run, averaged over the last minute."],
  ["node_load5", "The same over five minutes."],
  ["node_load15", "The same over fifteen minutes."],
  ["node_pressure_cpu_waiting_seconds_total", "Time in which some process waited for a processor."],
  ["node_pressure_io_waiting_seconds_total", "Time in which some process waited for a disk."],
  ["node_pressure_io_stalled_seconds_total", "Time in which all processes waited for a disk."],
  ["node_pressure_memory_waiting_seconds_total", "Time in which some process waited for memory."],
  ["node_pressure_memory_stalled_seconds_total", "Time in which all processes waited for memory."],
  ["node_network_receive_bytes_total", "Bytes received through the device."],
  ["node_network_transmit_bytes_total", "Bytes sent through the device."],
  ["node_disk_io_time_seconds_total", "Time in which the disk had something to do."],
  ["tenk_host_throttled", "Whether the firmware slows the processor down, or has reason to, by cause."],
  ["node_memory_MemTotal_bytes", "Memory of the machine."],
  ["node_memory_MemAvailable_bytes", "Memory that programs could get without swapping."],
  ["node_memory_SwapTotal_bytes", "Swap space."],
  ["node_memory_SwapFree_bytes", "Swap space that is free."],
  ["node_filesystem_size_bytes", "Size of the file system."],
  ["node_filesystem_free_bytes", "Free space on the file system, including the part reserved for root."],
  ["node_filesystem_avail_bytes", "Space on the file system that is available to programs."],
  ["tenk_cgroup_memory_limit_bytes", "Memory that this process and those limited with it may use."],
  ["tenk_cgroup_memory_used_bytes", "Memory they use, without what the kernel can reclaim."],
  ["tenk_cgroup_cpu_limit_cores", "Processors that they may use."],
  ["tenk_cgroup_cpu_seconds_total", "Processor time they used."],
  [
    "tenk_host_network_receive_bytes_total",
    "Bytes received through the devices that connect the machine, each byte once.",
  ],
  [
    "tenk_host_network_transmit_bytes_total",
    "Bytes sent through the devices that connect the machine, each byte once.",
  ],
  ["tenk_host_disk_read_bytes_total", "Bytes read from all disks."],
  ["tenk_host_disk_written_bytes_total", "Bytes written to all disks."],
  [
    "tenk_host_temperature_celsius",
    "Temperature of the processor, or of the board where no sensor is at the processor.",
  ],
];

/** Names a series as the scrape does; sums and means over devices have names of their own. */
function takeHost(host: HostSample, take: Take): void {
  const gauge = (name: string, value: number | undefined, labels?: Readonly<Record<string, string>>) => {
    if (value !== undefined) take(name, "gauge", value, labels);
  };
  const counter = (name: string, value: number | undefined, labels?: Readonly<Record<string, string>>) => {
    if (value !== undefined) take(name, "counter", value, labels);
  };
  const root = { device: host.rootDevice ?? "", fstype: host.rootFsType ?? "", mountpoint: "/" };
  for (const [mode, seconds] of Object.entries(host.meanCpu ?? {})) {
    if (!mode.startsWith("guest")) take("tenk_host_cpu_seconds_total", "counter", seconds, { mode });
  }
  gauge("node_load1", host.load1);
  gauge("node_load5", host.load5);
  gauge("node_load15", host.load15);
  gauge("node_memory_MemTotal_bytes", host.memoryTotalBytes);
  gauge("node_memory_MemAvailable_bytes", host.memoryAvailableBytes);
  gauge("node_memory_SwapTotal_bytes", host.swapTotalBytes);
  gauge("node_memory_SwapFree_bytes", host.swapFreeBytes);
  gauge("node_filesystem_size_bytes", host.rootTotalBytes, root);
  gauge("node_filesystem_free_bytes", host.rootFreeBytes, root);
  gauge("node_filesystem_avail_bytes", host.rootAvailableBytes, root);
  gauge("tenk_host_temperature_celsius", host.temperatureCelsius, { sensor: host.temperatureSensor ?? "" });
  gauge("tenk_cgroup_memory_limit_bytes", host.limits.memoryLimitBytes);
  gauge("tenk_cgroup_memory_used_bytes", host.limits.memoryUsedBytes);
  gauge("tenk_cgroup_cpu_limit_cores", host.limits.cpuLimitCores);
  counter("tenk_cgroup_cpu_seconds_total", host.limits.cpuSeconds);
  counter("tenk_host_network_receive_bytes_total", host.networkReceivedBytes);
  counter("tenk_host_network_transmit_bytes_total", host.networkSentBytes);
  counter("tenk_host_disk_read_bytes_total", host.diskReadBytes);
  counter("tenk_host_disk_written_bytes_total", host.diskWrittenBytes);
  for (const [cpu, seconds] of host.cores) counter("tenk_host_core_busy_seconds_total", seconds, { cpu });
  for (const [name, seconds] of host.pressure) counter(`node_pressure_${name}_seconds_total`, seconds);
  for (const { device, receivedBytes, sentBytes } of host.interfaces) {
    counter("node_network_receive_bytes_total", receivedBytes, { device });
    counter("node_network_transmit_bytes_total", sentBytes, { device });
  }
  for (const { device, ioSeconds } of host.disks) counter("node_disk_io_time_seconds_total", ioSeconds, { device });
  for (const { cause, isNow } of host.throttling ?? []) gauge("tenk_host_throttled", Number(isNow), { cause });
  for (const { device, fsType: fstype, mountPoint: mountpoint, ...sizes } of host.mounts) {
    if (mountpoint === "/") continue;
    gauge("node_filesystem_size_bytes", sizes.totalBytes, { device, fstype, mountpoint });
    gauge("node_filesystem_avail_bytes", sizes.availableBytes, { device, fstype, mountpoint });
  }
}
