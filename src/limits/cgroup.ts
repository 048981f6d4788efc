import { type CgroupFiles, numberOf } from "./cgroup-files.ts";
import { type FindPlace, type Place, placeFinder, upwards } from "./cgroup-place.ts";

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
export function openCgroup(files: CgroupFiles, ownCpuSeconds: () => number = cpuSecondsOfProcess): CgroupReader {
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
function memoryLimit(files: CgroupFiles, find: FindPlace): MemoryLimit | undefined {
  const place = find("memory");
  if (place === undefined) return undefined;
  const name = place.version === 1 ? "memory.limit_in_bytes" : "memory.max";
  const found = tightest(place, (folder) => numberOf(files.text(`${folder}/${name}`)));
  const hidden = place.version === 1 ? memoryStat(files, place.folder, "hierarchical_memory_limit") : undefined;
  const top = upwards(place).at(-1)!;
  const limit = hidden !== undefined && !(hidden >= (found?.value ?? hidden)) ? { folder: top, value: hidden } : found;
  return limit && { bytes: limit.value, usedBytes: () => memoryUsed(files, limit.folder, place.version) };
}

function memoryUsed(files: CgroupFiles, folder: string, version: 1 | 2): number | undefined {
  const all = numberOf(files.text(`${folder}/${version === 1 ? "memory.usage_in_bytes" : "memory.current"}`));
  const droppable = memoryStat(files, folder, version === 1 ? "total_inactive_file" : "inactive_file") ?? 0;
  return all === undefined ? undefined : Math.max(0, all - droppable);
}

function memoryStat(files: CgroupFiles, folder: string, field: string): number | undefined {
  const text = files.text(`${folder}/memory.stat`) ?? "";
  return numberOf(new RegExp(`^${field} (\\d+)$`, "m").exec(text)?.[1]);
}

interface CpuLimit {
  readonly cores: number;
  usedSeconds(): number | undefined;
}

/** Finds the tightest of the quotas of the group and its parents, and of the processors that this process may run on. */
function cpuLimit(files: CgroupFiles, find: FindPlace): CpuLimit | undefined {
  const place = find("cpu");
  const quota = place && tightest(place, (folder) => quotaCores(files, folder, place.version));
  const allowed = allowedCpus(files);
  if (quota !== undefined && quota.value <= (allowed ?? quota.value)) {
    return { cores: quota.value, usedSeconds: () => cpuUsed(files, find, quota.folder, place!) };
  }
  return allowed === undefined ? undefined : { cores: allowed, usedSeconds: () => undefined };
}

/** v1: microseconds per period, -1 for no limit. v2: both in one file, `max` for no limit. */
function quotaCores(files: CgroupFiles, folder: string, version: 1 | 2): number | undefined {
  const [quota, period] =
    version === 1
      ? ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => files.text(`${folder}/${name}`))
      : (files.text(`${folder}/cpu.max`) ?? "").trim().split(" ");
  const [most, each] = [numberOf(quota), numberOf(period)];
  return most !== undefined && each !== undefined && most > 0 && each > 0 ? most / each : undefined;
}

/** v1 accounts usage in another tree, whose groups may differ. */
function cpuUsed(files: CgroupFiles, find: FindPlace, limited: string, place: Place): number | undefined {
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
function allowedCpus(files: CgroupFiles): number | undefined {
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
