import { statfsSync } from "node:fs";
import { blockingThreads } from "./blocking.ts";
import { type NetworkCards, networkCards } from "./cards.ts";
import { type CgroupLimits, openCgroup } from "./cgroup.ts";
import { parseDiskstats } from "./disk.ts";
import { type HostFiles, hostFiles, numberOf } from "./files.ts";
import { parseLoad } from "./kernel.ts";
import { parseMeminfo } from "./memory.ts";
import { MonotonicCounter, ProcessorTime } from "./monotonic.ts";
import { isAtHand, readMounts, type StatFs } from "./mounts.ts";
import { parseNetDevices } from "./network.ts";
import { readThrottling, type Throttling } from "./raspberry.ts";
import { type CpuTimes, parseStat } from "./stat.ts";
import { openThermometer } from "./thermometer.ts";
import { type HostTimeouts, processTimeouts, resultOf } from "./timed-calls.ts";

/**
 * The machine at one moment, as plain numbers. What ends in `Seconds` or `Bytes` and is named for something that happened
 * counts since the start: two samples give a rate. A field is undefined where the machine does not tell.
 */
export interface HostSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Of all processors together; see {@link busyRatio}. Grows only, as all that counts here, whatever comes and goes. */
  readonly cpu: CpuTimes | undefined;
  /** Of the mean processor: all modes together grow by a second a second. */
  readonly meanCpu: CpuTimes | undefined;
  readonly cpuCount: number;
  readonly load1: number | undefined;
  readonly load5: number | undefined;
  readonly load15: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  /** What programs could have without swapping. */
  readonly memoryAvailableBytes: number | undefined;
  readonly swapTotalBytes: number | undefined;
  readonly swapFreeBytes: number | undefined;
  readonly rootTotalBytes: number | undefined;
  /** Not in use. Some of it is reserved for root, so that {@link rootAvailableBytes} is less. */
  readonly rootFreeBytes: number | undefined;
  /** What is left for programs that are not root's. */
  readonly rootAvailableBytes: number | undefined;
  readonly uptimeSeconds: number | undefined;
  /** Of cgroups, such as a container's or a service's. */
  readonly limits: CgroupLimits;
  /** The processor's; where no sensor is at it, the board's. */
  readonly temperatureCelsius: number | undefined;
  /** Its driver's name, and its own where it has one: `coretemp Package id 0`. */
  readonly temperatureSensor: string | undefined;
  /** Why the board's firmware slows the processor down, or has reason to; undefined on boards that do not tell. */
  readonly throttling: readonly Throttling[] | undefined;
  /** Over the devices by which bytes leave the box, each byte once: bridges and containers' ends count them again. */
  readonly networkReceivedBytes: number | undefined;
  readonly networkSentBytes: number | undefined;
  /** Over whole disks. */
  readonly diskReadBytes: number | undefined;
  readonly diskWrittenBytes: number | undefined;
}

export interface HostReaderOptions {
  /** Folder that holds `proc` and `sys`. @default {"/"} */
  readonly root?: string;
  /** Asks for the root file system's sizes, off the main thread. @default on a thread that may hang */
  readonly statfs?: (mountPoint: string) => Promise<StatFs>;
  /** The same at once, where the file system has the answer in memory. @default the runtime's */
  readonly statfsNow?: (mountPoint: string) => StatFs;
  /** How long the file system and the thermometer may take. @default a second, with the bounds of this process */
  readonly timeouts?: HostTimeouts;
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Reads what a page shows every second. */
export interface HostReader {
  /**
   * A quarter of a millisecond. What may hang is as of the read before, since a read asks for it and does not wait: the
   * temperature, and the root file system where it has to ask a device or a server.
   */
  read(): HostSample;
  /** Resolves when that has been asked once, or has not answered in time. */
  readonly ready: Promise<void>;
}

/**
 * @example
 * const reader = openHostReader();
 * reader.read().memoryTotalBytes !== 0; // true
 */
export function openHostReader({
  root = "/",
  statfs = (mountPoint) => blockingThreads.statfs(mountPoint),
  statfsNow = statfsSync,
  timeouts = processTimeouts(),
  now = Date.now,
}: HostReaderOptions = {}): HostReader {
  const files = hostFiles(root, timeouts.devices);
  const cards = networkCards(files);
  const thermometer = openThermometer(files);
  const cgroup = openCgroup(files);
  // Mounted over each other, the last is what is seen.
  const rootMount = readMounts(files)?.findLast(({ mountPoint }) => mountPoint === "/");
  const isRootAtHand = rootMount !== undefined && isAtHand(rootMount);
  const processorTime = new ProcessorTime();
  const sums = trafficSums();
  const rootSizes = latestOf(async () => {
    const sizes = await (isRootAtHand
      ? resultOf(async () => statfsNow("/"))
      : timeouts.mounts.run("/", () => statfs("/")));
    return "value" in sizes ? sizes.value : undefined;
  });
  const temperature = latestOf(() => thermometer.read());
  const throttling = latestOf(() => readThrottling(files));
  const slow = [rootSizes, temperature, throttling];

  return {
    ready: Promise.all(slow.map(({ ask }) => ask())).then(() => undefined),
    read() {
      for (const { ask } of slow) ask();
      const sizes = rootSizes.value;
      const processors = readProcessors(files, processorTime);
      const memory = readMemory(files);
      return {
        atMs: now(),
        ...processors,
        ...memory,
        limits: cgroup.read({ memoryBytes: memory.memoryTotalBytes, cores: processors.cpuCount }),
        ...readTraffic(files, cards, sums),
        rootTotalBytes: sizes && sizes.blocks * sizes.bsize,
        rootFreeBytes: sizes && sizes.bfree * sizes.bsize,
        rootAvailableBytes: sizes && sizes.bavail * sizes.bsize,
        temperatureCelsius: temperature.value?.celsius,
        temperatureSensor: temperature.value?.sensor,
        throttling: throttling.value,
      };
    },
  };
}

interface Latest<T> {
  /** That of the last answer. */
  readonly value: T | undefined;
  ask(): Promise<void>;
}

/** Keeps the last answer of what takes time. One that is asked again meanwhile is not asked twice. */
function latestOf<T>(call: () => Promise<T | undefined>): Latest<T> {
  let asking: Promise<void> | undefined;
  let value: T | undefined;
  return {
    get value() {
      return value;
    },
    ask() {
      asking ??= call().then((answer) => {
        value = answer;
        asking = undefined;
      });
      return asking;
    },
  };
}

/**
 * How busy the processors were between two samples, from 0 to 1; undefined where no time has passed. Waiting for a disk is
 * not being busy. Guests are in user and nice already.
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

function busySeconds({ user, nice, system, irq, softirq, steal }: CpuTimes): number {
  return user + nice + system + irq + softirq + steal;
}

/**
 * Every second, so only lines that are wanted are parsed: a kernel's list of interrupts has hundreds of numbers, a machine
 * with containers hundreds of devices.
 */
function readProcessors(files: HostFiles, time: ProcessorTime) {
  const text = files.text("/proc/stat") ?? "";
  const stat = parseStat(linesThat(text, (line) => line.startsWith("cpu")));
  time.add(stat);
  const isTold = stat.total !== undefined;
  const load = parseLoad(files.text("/proc/loadavg") ?? "");
  const uptime = numberOf(files.text("/proc/uptime")?.split(" ")[0]);
  return {
    cpu: isTold ? time.total : undefined,
    meanCpu: isTold ? time.mean : undefined,
    cpuCount: stat.cpus.size,
    load1: load?.[0],
    load5: load?.[1],
    load15: load?.[2],
    uptimeSeconds: uptime,
  };
}

const MEMORY_LINE = /^(MemTotal|MemAvailable|SwapTotal|SwapFree):/;

function readMemory(files: HostFiles) {
  const text = files.text("/proc/meminfo") ?? "";
  const memory = parseMeminfo(linesThat(text, (line) => MEMORY_LINE.test(line)));
  return {
    memoryTotalBytes: memory.get("MemTotal_bytes"),
    memoryAvailableBytes: memory.get("MemAvailable_bytes"),
    swapTotalBytes: memory.get("SwapTotal_bytes"),
    swapFreeBytes: memory.get("SwapFree_bytes"),
  };
}

/** Disks that are no part of another one, nor made of others. */
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

function readTraffic(
  files: HostFiles,
  cards: NetworkCards,
  { received, sent, read, written }: ReturnType<typeof trafficSums>,
) {
  const lines = (files.text("/proc/net/dev") ?? "").split("\n").filter((line) => line.includes(":"));
  const counted = cards.among(lines.map(deviceOf));
  const devices = parseNetDevices(lines.filter((line) => counted.has(deviceOf(line))).join("\n"));
  const disks = parseDiskstats(linesThat(files.text("/proc/diskstats") ?? "", (line) => WHOLE_DISK.test(line)));
  const disksByName = new Map(disks.map(({ device, values }) => [device, values]));
  return {
    networkReceivedBytes: received.add(columnOf(devices, "receive_bytes")),
    networkSentBytes: sent.add(columnOf(devices, "transmit_bytes")),
    diskReadBytes: read.add(columnOf(disksByName, "read_bytes_total")),
    diskWrittenBytes: written.add(columnOf(disksByName, "written_bytes_total")),
  };
}

/** A name may hold a colon, as an alias does; a number never does. */
function deviceOf(line: string): string {
  return line.slice(0, line.lastIndexOf(":")).trim();
}

function columnOf(rows: ReadonlyMap<string, ReadonlyMap<string, number>>, column: string): [string, number][] {
  return [...rows].map(([name, row]) => [name, row.get(column) ?? 0]);
}

function linesThat(text: string, isWanted: (line: string) => boolean): string {
  return text.split("\n").filter(isWanted).join("\n");
}
