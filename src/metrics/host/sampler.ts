import type { CgroupLimits } from "../../limits/mod.ts";
import { type NetworkCards, networkCards } from "./cards.ts";
import { parseDiskstats } from "./disk.ts";
import { type HostFiles, numberOf } from "./files.ts";
import { parseLoad } from "./kernel.ts";
import { parseMeminfo } from "./memory.ts";
import { MonotonicCounter, ProcessorTime } from "./monotonic.ts";
import { type MountSample, readMountTable } from "./mount-table.ts";
import { readMounts, sizesOf } from "./mounts.ts";
import { parseNetDevices } from "./network.ts";
import {
  busySeconds,
  coresOf,
  type DiskSample,
  disksOf,
  type HostBounds,
  type InterfaceSample,
  interfaceChooser,
  interfacesOf,
  readPressure,
} from "./per-device.ts";
import { readThrottling, type Throttling } from "./raspberry.ts";
import type { HostSources } from "./sources.ts";
import { type CpuTimes, parseStat } from "./stat.ts";

/**
 * The machine at one moment, as plain numbers. Processor times and traffic count since the boot and never fall, so that two
 * samples give a rate. A field is undefined where the machine does not report it.
 */
export interface HostSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Of all processors together; see {@link busyRatio}. */
  readonly cpu: CpuTimes | undefined;
  /** Of the mean processor: all modes together grow by one second per second. */
  readonly meanCpu: CpuTimes | undefined;
  readonly cpuCount: number;
  /** Busy seconds of the first processors, by number. */
  readonly cores: ReadonlyMap<string, number>;
  /** Seconds lost to waiting: `cpu_waiting`, `io_stalled`. Empty where the kernel does not tell. */
  readonly pressure: ReadonlyMap<string, number>;
  readonly load1: number | undefined;
  readonly load5: number | undefined;
  readonly load15: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  /** Memory that programs could get without swapping. */
  readonly memoryAvailableBytes: number | undefined;
  readonly swapTotalBytes: number | undefined;
  readonly swapFreeBytes: number | undefined;
  /** Device and type of the root file system, as the scrape labels it. */
  readonly rootDevice: string | undefined;
  readonly rootFsType: string | undefined;
  readonly rootTotalBytes: number | undefined;
  /** Not in use. Some of it is reserved for root: {@link rootAvailableBytes} is less. */
  readonly rootFreeBytes: number | undefined;
  /** Available to programs that do not run as root. */
  readonly rootAvailableBytes: number | undefined;
  readonly uptimeSeconds: number | undefined;
  /** From cgroups, such as a container's or a service's. */
  readonly limits: CgroupLimits;
  /** The processor's; the board's where no sensor measures the processor. */
  readonly temperatureCelsius: number | undefined;
  /** The sensor's driver, and its own label where it has one: `coretemp Package id 0`. */
  readonly temperatureSensor: string | undefined;
  /** Why the board's firmware slows the processor down, or has reason to; undefined on boards that do not report it. */
  readonly throttling: readonly Throttling[] | undefined;
  /** Over the devices through which bytes leave the machine. Each byte counts once; bridges and containers' ends would count it again. */
  readonly networkReceivedBytes: number | undefined;
  readonly networkSentBytes: number | undefined;
  /** Over whole disks. */
  readonly diskReadBytes: number | undefined;
  readonly diskWrittenBytes: number | undefined;
  /** Empty where there is only one. */
  readonly interfaces: readonly InterfaceSample[];
  readonly disks: readonly DiskSample[];
  /** `/`, and what else holds files; as they were up to half a minute ago. */
  readonly mounts: readonly MountSample[];
}

/** Mounts fill slowly, and asking them may spin up a disk. */
const MOUNTS_EVERY_MS = 30_000;

/** Returns what reads a sample each second. */
export function hostSampler(sources: HostSources): { sample(): HostSample; ready(): Promise<void> } {
  const { files, cgroup, now, bounds } = sources;
  const cards = networkCards(files);
  const choose = interfaceChooser(files, bounds);
  // Of several mounts over each other, the last one is visible.
  const root = readMounts(files, sources.mountedRoot)?.findLast(({ mountPoint }) => mountPoint === "/");
  const processorTime = new ProcessorTime();
  const sums = trafficSums();
  const rootSizes = latestOf(async () => {
    const sizes = await sizesOf(root ?? { mountPoint: "/", fsType: "" }, sources);
    return "value" in sizes ? sizes.value : undefined;
  });
  const temperature = latestOf(() => sources.thermometer.read());
  const throttling = latestOf(() => readThrottling(files));
  const mounts = latestOf(() => readMountTable(files, sources, bounds), MOUNTS_EVERY_MS);
  const slow = [rootSizes, temperature, throttling, mounts];

  return {
    ready: async () => {
      await Promise.all(slow.map(({ request }) => request()));
    },
    sample() {
      for (const { request } of slow) request();
      const sizes = rootSizes.value;
      const processors = readProcessors(files, processorTime, bounds);
      const memory = readMemory(files);
      return {
        atMs: now(),
        ...processors,
        ...memory,
        limits: cgroup.read({ memoryBytes: memory.memoryTotalBytes, cores: processors.cpuCount }),
        pressure: readPressure(files),
        ...readTraffic({ files, cards, choose, bounds }, sums),
        rootDevice: root?.device,
        rootFsType: root?.fsType,
        rootTotalBytes: sizes && sizes.blocks * sizes.bsize,
        rootFreeBytes: sizes && sizes.bfree * sizes.bsize,
        rootAvailableBytes: sizes && sizes.bavail * sizes.bsize,
        temperatureCelsius: temperature.value?.celsius,
        temperatureSensor: temperature.value?.sensor,
        throttling: throttling.value,
        mounts: mounts.value ?? [],
      };
    },
  };
}

interface Latest<T> {
  /** Of the last request that has completed. */
  readonly value: T | undefined;
  request(): Promise<void>;
}

/** Keeps the last result of a slow call. Requests while the call is running share it, and it rests between two. */
function latestOf<T>(call: () => Promise<T | undefined>, everyMs = 0): Latest<T> {
  let pending: Promise<void> | undefined;
  let value: T | undefined;
  let beganMs = Number.NEGATIVE_INFINITY;
  return {
    get value() {
      return value;
    },
    request() {
      if (pending === undefined && performance.now() - beganMs < everyMs) return Promise.resolve();
      if (pending === undefined) beganMs = performance.now();
      pending ??= call().then((result) => {
        value = result;
        pending = undefined;
      });
      return pending;
    },
  };
}

/**
 * Returns how busy the processors were between two samples, from 0 to 1; undefined where no time has passed. Waiting for a
 * disk counts as idle. The times of guests are part of user and nice already.
 *
 * @example
 * busyRatio(undefined, undefined); // undefined
 */
export function busyRatio(before: CpuTimes | undefined, after: CpuTimes | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const busy = busySeconds(after) - busySeconds(before);
  const idle = Math.max(0, after.idle - before.idle) + Math.max(0, after.iowait - before.iowait);
  return busy + idle > 0 ? Math.max(0, busy) / (Math.max(0, busy) + idle) : undefined;
}

/**
 * This runs every second, so only the needed lines are parsed: the list of interrupts has hundreds of numbers, and a machine
 * with containers has hundreds of devices.
 */
function readProcessors(files: HostFiles, time: ProcessorTime, bounds: HostBounds) {
  const text = files.text("/proc/stat") ?? "";
  const stat = parseStat(matchingLines(text, (line) => line.startsWith("cpu")));
  time.add(stat);
  const isReported = stat.total !== undefined;
  const load = parseLoad(files.text("/proc/loadavg") ?? "");
  const uptime = numberOf(files.text("/proc/uptime")?.split(" ")[0]);
  return {
    cpu: isReported ? time.total : undefined,
    meanCpu: isReported ? time.mean : undefined,
    cpuCount: stat.cpus.size,
    cores: coresOf(stat.cpus, bounds),
    load1: load?.[0],
    load5: load?.[1],
    load15: load?.[2],
    uptimeSeconds: uptime,
  };
}

const MEMORY_LINE = /^(MemTotal|MemAvailable|SwapTotal|SwapFree):/;

function readMemory(files: HostFiles) {
  const text = files.text("/proc/meminfo") ?? "";
  const memory = parseMeminfo(matchingLines(text, (line) => MEMORY_LINE.test(line)));
  return {
    memoryTotalBytes: memory.get("MemTotal_bytes"),
    memoryAvailableBytes: memory.get("MemAvailable_bytes"),
    swapTotalBytes: memory.get("SwapTotal_bytes"),
    swapFreeBytes: memory.get("SwapFree_bytes"),
  };
}

/** Disks that are neither part of another one nor made of others. */
const WHOLE_DISK = /^\s*\d+\s+\d+\s+(?:(?:h|s|v|xv)d[a-z]+|nvme\d+n\d+|mmcblk\d+)\s/;

function trafficSums() {
  const [received, sent, read, written] = [
    new MonotonicCounter(),
    new MonotonicCounter(),
    new MonotonicCounter(),
    new MonotonicCounter(),
  ];
  return { received, sent, read, written };
}

interface TrafficSources {
  readonly files: HostFiles;
  readonly cards: NetworkCards;
  readonly choose: ReturnType<typeof interfaceChooser>;
  readonly bounds: HostBounds;
}

function readTraffic(
  { files, cards, choose, bounds }: TrafficSources,
  { received, sent, read, written }: ReturnType<typeof trafficSums>,
) {
  const lines = (files.text("/proc/net/dev") ?? "").split("\n").filter((line) => line.includes(":"));
  const present = lines.map(deviceOf);
  const counted = cards.among(present);
  const shown = choose(present, counted);
  const isRead = (name: string) => counted.has(name) || shown.includes(name);
  const devices = parseNetDevices(lines.filter((line) => isRead(deviceOf(line))).join("\n"));
  const cardCounts = new Map([...devices].filter(([name]) => counted.has(name)));
  const disks = parseDiskstats(matchingLines(files.text("/proc/diskstats") ?? "", (line) => WHOLE_DISK.test(line)));
  const disksByName = new Map(disks.map(({ device, values }) => [device, values]));
  return {
    networkReceivedBytes: received.add(columnOf(cardCounts, "receive_bytes")),
    networkSentBytes: sent.add(columnOf(cardCounts, "transmit_bytes")),
    diskReadBytes: read.add(columnOf(disksByName, "read_bytes_total")),
    diskWrittenBytes: written.add(columnOf(disksByName, "written_bytes_total")),
    interfaces: interfacesOf(devices, shown),
    disks: disksOf(disks, bounds),
  };
}

/** The last colon ends the name: an alias has one in its name, a number never has. */
function deviceOf(line: string): string {
  return line.slice(0, line.lastIndexOf(":")).trim();
}

function columnOf(rows: ReadonlyMap<string, ReadonlyMap<string, number>>, column: string): [string, number][] {
  return [...rows].map(([name, row]) => [name, row.get(column) ?? 0]);
}

function matchingLines(text: string, matches: (line: string) => boolean): string {
  return text.split("\n").filter(matches).join("\n");
}
