import type { Family } from "../exposition.ts";
import { FamilyBuilder } from "../family-builder.ts";
import { addCgroup } from "./cgroup.ts";
import { addDisks, parseDiskstats } from "./disk.ts";
import type { HostFiles } from "./files.ts";
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
import { addFilesystems, readMounts } from "./mounts.ts";
import { addNetClass, addNetDevices, addNetstat, parseNetDevices, parseNetstat, parseSnmp6 } from "./network.ts";
import { addOs, parseOsRelease } from "./os-release.ts";
import { addThrottling, addWear } from "./raspberry.ts";
import { addArp, addConntrack, addSockstat, addSoftnet, addUdpQueues, pageBytesOf, parseSockstat } from "./sockets.ts";
import type { HostSources } from "./sources.ts";
import { addCpu, addStat, type CpuTimes, parseStat, withoutStepsBack } from "./stat.ts";
import { addCpuFrequency, addThermal } from "./thermal.ts";
import { addTemperature } from "./thermometer.ts";
import { type CallResult, resultOf } from "./timed-calls.ts";

/** Returns false where the machine has nothing of the kind. */
type Collect = (builder: FamilyBuilder) => boolean | Promise<boolean>;

interface Collectors {
  /** Read from the kernel's memory, on the main thread. */
  readonly quick: Readonly<Record<string, Collect>>;
  /** Ask mounts and devices, each of which may hang and has its own timeout. */
  readonly timed: Readonly<Record<string, Collect>>;
}

/** Returns a function that reads node_exporter's default metrics, as far as tenk has them, under the same names. */
export function hostCollector(sources: HostSources): () => Promise<readonly Family[]> {
  const collectors = { quick: { ...ofKernel(sources), ...ofTraffic(sources) }, timed: ofDevices(sources) };
  let running: Promise<readonly Family[]> | undefined;
  return () => {
    running ??= collectAll(collectors, sources.version).finally(() => {
      running = undefined;
    });
    return running;
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

function ofDevices(sources: HostSources): Record<string, Collect> {
  const { files, thermometer } = sources;
  /** A device that hangs does not hide the others' values: it only clears `success`. */
  const unlessHanging = (folder: string, collect: (builder: FamilyBuilder, files: HostFiles) => Promise<boolean>) => {
    return async (builder: FamilyBuilder) => (await collect(builder, files)) && !files.isHanging(folder);
  };
  return {
    filesystem: async (builder) => {
      const mounts = readMounts(files, sources.mountedRoot);
      await addFilesystems(builder, mounts ?? [], sources);
      return mounts !== undefined;
    },
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

function ofKernel({ files, cgroup, machine, now }: HostSources): Record<string, Collect> {
  const shown = new Map<string, CpuTimes>();
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

function ofTraffic({ files, excludedDisks, excludedNetworkDevices }: HostSources): Record<string, Collect> {
  const pageBytes = pageBytesOf(files);
  return {
    diskstats: from(files, "/proc/diskstats", (builder, text) =>
      addDisks(builder, parseDiskstats(text), files, excludedDisks),
    ),
    netdev: from(files, "/proc/net/dev", (builder, text) =>
      addNetDevices(builder, parseNetDevices(text), files, excludedNetworkDevices),
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
