import type { FamilyBuilder } from "../family-builder.ts";
import { type FindPlace, type Place, placeFinder, upwards } from "./cgroup-place.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

/** Limits of this process below the size of the machine, and the usage under them. Undefined where there is no limit. */
export interface CgroupLimits {
  readonly memoryLimitBytes: number | undefined;
  /** Of all processes under the limit, without file pages that the kernel can reclaim. */
  readonly memoryUsedBytes: number | undefined;
  /** Half a core is 0.5. */
  readonly cpuLimitCores: number | undefined;
  /** Processor time of all processes under the limit; of this process alone where the kernel does not report it. */
  readonly cpuSeconds: number | undefined;
}

export interface CgroupReader {
  /** @param machine its whole size: a limit that is not below it is no limit */
  read(machine: { readonly memoryBytes: number | undefined; readonly cores: number }): CgroupLimits;
}

/** Reads limits of cgroups v1 and v2 again each time: processes are moved between groups, and limits change at run time. */
export function openCgroup(files: HostFiles, ownCpuSeconds: () => number = cpuSecondsOfProcess): CgroupReader {
  const find = placeFinder(files);
  return {
    read({ memoryBytes = Number.POSITIVE_INFINITY, cores }) {
      const memory = memoryLimit(files, find);
      const cpu = cpuLimit(files, find);
      const isMemory = memory !== undefined && memory.bytes < memoryBytes;
      const isCpu = cpu !== undefined && cpu.cores < cores;
      return {
        memoryLimitBytes: isMemory ? memory.bytes : undefined,
        memoryUsedBytes: isMemory ? memory.usedBytes() : undefined,
        cpuLimitCores: isCpu ? cpu.cores : undefined,
        cpuSeconds: isCpu ? (cpu.usedSeconds() ?? ownCpuSeconds()) : undefined,
      };
    },
  };
}

function cpuSecondsOfProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

interface MemoryLimit {
  readonly bytes: number;
  usedBytes(): number | undefined;
}

/** Finds the tightest limit of the group and its parents. v1 also reports the limit of groups that a container cannot see. */
function memoryLimit(files: HostFiles, find: FindPlace): MemoryLimit | undefined {
  const place = find("memory");
  if (place === undefined) return undefined;
  const name = place.version === 1 ? "memory.limit_in_bytes" : "memory.max";
  const found = tightest(place, (folder) => numberOf(files.text(`${folder}/${name}`)));
  const hidden = place.version === 1 ? memoryStat(files, place.folder, "hierarchical_memory_limit") : undefined;
  const top = upwards(place).at(-1)!;
  const limit = hidden !== undefined && !(hidden >= (found?.value ?? hidden)) ? { folder: top, value: hidden } : found;
  return limit && { bytes: limit.value, usedBytes: () => memoryUsed(files, limit.folder, place.version) };
}

function memoryUsed(files: HostFiles, folder: string, version: 1 | 2): number | undefined {
  const all = numberOf(files.text(`${folder}/${version === 1 ? "memory.usage_in_bytes" : "memory.current"}`));
  const droppable = memoryStat(files, folder, version === 1 ? "total_inactive_file" : "inactive_file") ?? 0;
  return all === undefined ? undefined : Math.max(0, all - droppable);
}

function memoryStat(files: HostFiles, folder: string, field: string): number | undefined {
  const text = files.text(`${folder}/memory.stat`) ?? "";
  return numberOf(new RegExp(`^${field} (\\d+)$`, "m").exec(text)?.[1]);
}

interface CpuLimit {
  readonly cores: number;
  usedSeconds(): number | undefined;
}

/** Finds the tightest of the quotas of the group and its parents, and of the processors that this process may run on. */
function cpuLimit(files: HostFiles, find: FindPlace): CpuLimit | undefined {
  const place = find("cpu");
  const quota = place && tightest(place, (folder) => quotaCores(files, folder, place.version));
  const allowed = allowedCpus(files);
  if (quota !== undefined && quota.value <= (allowed ?? quota.value)) {
    return { cores: quota.value, usedSeconds: () => cpuUsed(files, find, quota.folder, place!) };
  }
  return allowed === undefined ? undefined : { cores: allowed, usedSeconds: () => undefined };
}

/** v1: microseconds per period, -1 for no limit. v2: both in one file, `max` for no limit. */
function quotaCores(files: HostFiles, folder: string, version: 1 | 2): number | undefined {
  const [quota, period] =
    version === 1
      ? ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => files.text(`${folder}/${name}`))
      : (files.text(`${folder}/cpu.max`) ?? "").trim().split(" ");
  const [most, each] = [numberOf(quota), numberOf(period)];
  return most !== undefined && each !== undefined && most > 0 && each > 0 ? most / each : undefined;
}

/** v1 accounts usage in another tree, whose groups may differ. */
function cpuUsed(files: HostFiles, find: FindPlace, limited: string, place: Place): number | undefined {
  if (place.version === 2) {
    const microseconds = /^usage_usec (\d+)$/m.exec(files.text(`${limited}/cpu.stat`) ?? "")?.[1];
    return microseconds === undefined ? undefined : Number(microseconds) / 1e6;
  }
  const accounts = find("cpuacct");
  if (accounts === undefined) return undefined;
  const same = accounts.mountPoint + limited.slice(place.mountPoint.length);
  const nanoseconds = upwards(accounts).includes(same) ? numberOf(files.text(`${same}/cpuacct.usage`)) : undefined;
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}

/** Counts the processors in a list such as `0-1,4`, set by a cpuset or taskset(1). */
function allowedCpus(files: HostFiles): number | undefined {
  const list = /^Cpus_allowed_list:\s+([\d,-]+)$/m.exec(files.text("/proc/self/status") ?? "")?.[1];
  return list?.split(",").reduce((sum, range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return sum + Math.max(0, last - first + 1);
  }, 0);
}

function tightest(place: Place, limitOf: (folder: string) => number | undefined) {
  let found: { readonly folder: string; readonly value: number } | undefined;
  for (const folder of upwards(place)) {
    const value = limitOf(folder);
    if (value !== undefined && value < (found?.value ?? Number.POSITIVE_INFINITY)) found = { folder, value };
  }
  return found;
}

/** Returns false where nothing limits this process. */
export function addCgroup(builder: FamilyBuilder, files: HostFiles, cgroup: CgroupReader): boolean {
  const memoryBytes = numberOf(/^MemTotal:\s+(\d+) kB$/m.exec(files.text("/proc/meminfo") ?? "")?.[1]);
  const cores = wordsOfLines(files.text("/proc/stat") ?? "").filter(([key = ""]) => /^cpu\d+$/.test(key)).length;
  const limits = cgroup.read({ memoryBytes: memoryBytes === undefined ? undefined : memoryBytes * 1024, cores });
  const add = (type: "gauge" | "counter", name: string, help: string, value: number | undefined) =>
    builder.add(type, `tenk_cgroup_${name}`, help, value);
  add(
    "gauge",
    "memory_limit_bytes",
    "Memory that this process and those limited with it may use.",
    limits.memoryLimitBytes,
  );
  add("gauge", "memory_used_bytes", "Memory they use, without what the kernel can drop.", limits.memoryUsedBytes);
  add("gauge", "cpu_limit_cores", "Processors that they may use.", limits.cpuLimitCores);
  add("counter", "cpu_seconds_total", "Processor time they used.", limits.cpuSeconds);
  return limits.memoryLimitBytes !== undefined || limits.cpuLimitCores !== undefined;
}
