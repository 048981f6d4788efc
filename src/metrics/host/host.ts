import { statfsSync } from "node:fs";
import { machine as machineOfSystem } from "node:os";
import type { Family } from "../exposition.ts";
import { FamilyBuilder } from "../family-builder.ts";
import { blockingThreads } from "./blocking.ts";
import { addCgroup, openCgroup } from "./cgroup.ts";
import { addDisks, parseDiskstats } from "./disk.ts";
import { type HostFiles, hostFiles } from "./files.ts";
import { addHwmon } from "./hwmon.ts";
import {
  addEntropy,
  addFileDescriptors,
  addLoad,
  addSchedstat,
  addTime,
  addUname,
  addVmstat,
  parseLoad,
} from "./kernel.ts";
import { addMemory, addPressure, PRESSURE_RESOURCES, parseMeminfo, parsePressure } from "./memory.ts";
import { addFilesystems, EXCLUDED_FS_TYPES, EXCLUDED_MOUNT_POINTS, readMounts, type StatFs } from "./mounts.ts";
import { addNetClass, addNetDevices, addNetstat, parseNetDevices, parseNetstat, parseSnmp6 } from "./network.ts";
import { addOs, parseOsRelease } from "./os-release.ts";
import { addThrottling, addWear } from "./raspberry.ts";
import { addArp, addConntrack, addSockstat, addSoftnet, addUdpQueues, pageBytesOf, parseSockstat } from "./sockets.ts";
import { addCpu, addStat, type CpuTimes, parseStat, withoutStepsBack } from "./stat.ts";
import { addCpuFrequency, addThermal } from "./thermal.ts";
import { addTemperature, openThermometer } from "./thermometer.ts";
import { type CallResult, type HostTimeouts, processTimeouts, resultOf } from "./timed-calls.ts";

/** Where a host collector reads, and which devices it leaves out. */
export interface HostCollectorOptions {
  /** Folder that holds `proc`, `sys`, `etc` and `run`. @default {"/"} */
  readonly root?: string;
  /** Ours, for `node_exporter_build_info`. @default {""} */
  readonly version?: string;
  /** The processor's name. @default what `uname -m` says */
  readonly machine?: string;
  /** Returns a mount's sizes without blocking the main thread. @default a thread that may hang */
  readonly statfs?: (mountPoint: string) => Promise<StatFs>;
  /** The same, synchronously: for `/` on a file system that has the answer in memory. @default the runtime's */
  readonly statfsNow?: (mountPoint: string) => StatFs;
  /** Timeouts of mounts and devices. @default a second each, shared by this process */
  readonly timeouts?: HostTimeouts;
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Mount points that are left out. @default node_exporter's */
  readonly excludedMountPoints?: RegExp;
  /** Types of file systems that are left out. @default node_exporter's */
  readonly excludedFsTypes?: RegExp;
  /** Disks that are left out. @default node_exporter's: partitions and loops */
  readonly excludedDisks?: RegExp;
  /** Network devices whose traffic is left out. @default Debian's: `lo` */
  readonly excludedNetworkDevices?: RegExp;
}

/** node_exporter's default metrics of a Linux machine, as far as tenk has them, under the same names. */
export interface HostCollector {
  /**
   * Reads everything: 3 ms for 430 values, 6 ms for 1250, most of it the kernel's. Never rejects; takes a little more than
   * a second at most, when something hangs. Concurrent calls share one read.
   */
  collect(): Promise<readonly Family[]>;
}

export const EXCLUDED_DISKS = "^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$";
export const EXCLUDED_NETWORK_DEVICES = "^lo$";

/** Returns false where the machine has nothing of the kind. */
type Collect = (builder: FamilyBuilder) => boolean | Promise<boolean>;

interface Collectors {
  /** Read from the kernel's memory, on the main thread. */
  readonly quick: Readonly<Record<string, Collect>>;
  /** Ask mounts and devices, each of which may hang and has its own timeout. */
  readonly timed: Readonly<Record<string, Collect>>;
}

/**
 * @example
 * const host = hostCollector();
 * const families = await host.collect();
 * families.some(({ name }) => name === "node_load1"); // true
 */
export function hostCollector(options: HostCollectorOptions = {}): HostCollector {
  const timeouts = options.timeouts ?? processTimeouts();
  const collectors = collectorsOf(options, timeouts);
  let running: Promise<readonly Family[]> | undefined;
  return {
    collect() {
      running ??= collectAll(collectors, options.version ?? "").finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

async function collectAll(collectors: Collectors, version: string): Promise<readonly Family[]> {
  const own = new FamilyBuilder();
  const run = async (name: string, collect: Collect): Promise<readonly Family[]> => {
    const builder = new FamilyBuilder();
    const began = performance.now();
    const result: CallResult<boolean> = await resultOf(async () => collect(builder));
    const took = (performance.now() - began) / 1000;
    const isRead = "value" in result && result.value;
    const labels = { collector: name };
    own.add("gauge", "node_scrape_collector_duration_seconds", "Duration of a collector scrape.", took, labels);
    own.add("gauge", "node_scrape_collector_success", "Whether a collector succeeded.", isRead ? 1 : 0, labels);
    return "value" in result ? builder.families() : [];
  };
  const later = Object.entries(collectors.timed).map(([name, collect]) => run(name, collect));
  const families: Family[] = [];
  for (const [name, collect] of Object.entries(collectors.quick)) families.push(...(await run(name, collect)));
  for (const more of await Promise.all(later)) families.push(...more);
  addBuildInfo(own, version);
  return [...families, ...own.families()];
}

function addBuildInfo(builder: FamilyBuilder, version: string): void {
  const help = "A metric with a constant '1' value: the program that serves node_exporter's names.";
  const goarch = process.arch === "x64" ? "amd64" : process.arch;
  const labels = { branch: "tenk", goarch, goos: "linux", goversion: "", revision: "", version };
  builder.add("gauge", "node_exporter_build_info", help, 1, labels);
}

function collectorsOf(options: HostCollectorOptions, timeouts: HostTimeouts): Collectors {
  const files = hostFiles(options.root, timeouts.devices);
  return {
    quick: { ...ofKernel(files, options), ...ofTraffic(files, options) },
    timed: {
      filesystem: async (builder) => {
        const mounts = readMounts(files);
        await addFilesystems(builder, mounts ?? [], {
          excludedMountPoints: options.excludedMountPoints ?? new RegExp(EXCLUDED_MOUNT_POINTS),
          excludedTypes: options.excludedFsTypes ?? new RegExp(EXCLUDED_FS_TYPES),
          statfs: options.statfs ?? ((mountPoint) => blockingThreads.statfs(mountPoint)),
          statfsNow: options.statfsNow ?? statfsSync,
          calls: timeouts.mounts,
        });
        return mounts !== undefined;
      },
      ...ofDevices(files),
    },
  };
}

function ofDevices(files: HostFiles): Record<string, Collect> {
  /** A device that hangs does not hide the others' values: it only clears `success`. */
  const unlessHanging = (folder: string, collect: (builder: FamilyBuilder, files: HostFiles) => Promise<boolean>) => {
    return async (builder: FamilyBuilder) => (await collect(builder, files)) && !files.isHanging(folder);
  };
  const thermometer = openThermometer(files);
  return {
    netclass: unlessHanging("/sys/class/net", async (builder) => {
      await addNetClass(builder, files);
      return builder.families().length > 0;
    }),
    thermal_zone: unlessHanging("/sys/class/thermal", addThermal),
    hwmon: unlessHanging("/sys/class/hwmon", addHwmon),
    cpufreq: unlessHanging("/sys/devices/system/cpu", addCpuFrequency),
    temperature: async (builder) => addTemperature(builder, await thermometer.read()),
    throttling: (builder) => addThrottling(builder, files),
    flash_wear: (builder) => addWear(builder, files),
  };
}

/** Makes a collector of one file and its parser. */
function from(files: HostFiles, path: string, add: (builder: FamilyBuilder, text: string) => void): Collect {
  return (builder) => {
    const text = files.text(path);
    if (text !== undefined) add(builder, text);
    return text !== undefined;
  };
}

function ofKernel(files: HostFiles, options: HostCollectorOptions): Record<string, Collect> {
  const { now = Date.now, machine = machineOfSystem() } = options;
  const shown = new Map<string, CpuTimes>();
  const cgroup = openCgroup(files);
  return {
    cpu: from(files, "/proc/stat", (builder, text) => {
      const { cpus } = parseStat(text);
      for (const [cpu, times] of cpus) shown.set(cpu, withoutStepsBack(shown.get(cpu), times));
      for (const cpu of shown.keys()) if (!cpus.has(cpu)) shown.delete(cpu);
      addCpu(builder, shown);
    }),
    stat: from(files, "/proc/stat", (builder, text) => addStat(builder, parseStat(text))),
    loadavg: from(files, "/proc/loadavg", (builder, text) => addLoad(builder, parseLoad(text))),
    meminfo: from(files, "/proc/meminfo", (builder, text) => addMemory(builder, parseMeminfo(text))),
    cgroup: (builder) => addCgroup(builder, files, cgroup),
    pressure: (builder) => {
      const texts = PRESSURE_RESOURCES.map((resource) => [resource, files.text(`/proc/pressure/${resource}`)] as const);
      addPressure(builder, Object.fromEntries(texts.map(([resource, text]) => [resource, parsePressure(text ?? "")])));
      return texts.some(([, text]) => text !== undefined);
    },
    vmstat: from(files, "/proc/vmstat", addVmstat),
    schedstat: from(files, "/proc/schedstat", addSchedstat),
    filefd: from(files, "/proc/sys/fs/file-nr", addFileDescriptors),
    entropy: (builder) => addEntropy(builder, files),
    uname: (builder) => addUname(builder, files, machine),
    time: (builder) => {
      addTime(builder, files, now());
      return true;
    },
    os: (builder) => {
      const text = files.text("/etc/os-release") ?? files.text("/usr/lib/os-release");
      if (text !== undefined) addOs(builder, parseOsRelease(text));
      return text !== undefined;
    },
  };
}

function ofTraffic(files: HostFiles, options: HostCollectorOptions): Record<string, Collect> {
  const disks = options.excludedDisks ?? new RegExp(EXCLUDED_DISKS);
  const devices = options.excludedNetworkDevices ?? new RegExp(EXCLUDED_NETWORK_DEVICES);
  const pageBytes = pageBytesOf(files);
  return {
    diskstats: from(files, "/proc/diskstats", (builder, text) => addDisks(builder, parseDiskstats(text), files, disks)),
    netdev: from(files, "/proc/net/dev", (builder, text) =>
      addNetDevices(builder, parseNetDevices(text), files, devices),
    ),
    netstat: (builder) => {
      const text = files.text("/proc/net/netstat");
      addNetstat(builder, parseNetstat(text ?? ""));
      addNetstat(builder, parseNetstat(files.text("/proc/net/snmp") ?? ""));
      addNetstat(builder, parseSnmp6(files.text("/proc/net/snmp6") ?? ""));
      return text !== undefined;
    },
    sockstat: (builder) => {
      const texts = [files.text("/proc/net/sockstat"), files.text("/proc/net/sockstat6")];
      for (const text of texts) addSockstat(builder, parseSockstat(text ?? ""), pageBytes);
      return texts[0] !== undefined;
    },
    softnet: from(files, "/proc/net/softnet_stat", addSoftnet),
    conntrack: (builder) => addConntrack(builder, files),
    arp: from(files, "/proc/net/arp", addArp),
    udp_queues: (builder) => {
      const [four, six] = [files.text("/proc/net/udp"), files.text("/proc/net/udp6")];
      if (four !== undefined) addUdpQueues(builder, four, "v4");
      if (six !== undefined) addUdpQueues(builder, six, "v6");
      return four !== undefined;
    },
  };
}
