import { formatBytes } from "../base/mod.ts";
import { openCgroup } from "./cgroup.ts";
import { type CgroupFiles, numberOf, systemFiles } from "./cgroup-files.ts";

/** What this process may use: the machine's, or less where a cgroup says so. */
export interface ProcessLimits {
  /** Infinity where it is not known. */
  readonly memoryBytes: number;
  /** Half a core is 0.5. */
  readonly cores: number;
  /** Whether a cgroup allows less than the machine has. */
  readonly isMemoryLimited: boolean;
  readonly isCpuLimited: boolean;
}

/** From here on all sizes are their full defaults; below they shrink in proportion. */
const FULL_MEMORY_BYTES = 256 * 1024 * 1024;
/** An event loop of its own costs 10 to 12 MB before its first connection. */
const MEMORY_PER_LOOP_BYTES = 64 * 1024 * 1024;

let found: ProcessLimits | undefined;

/** Returns the limits as they were when they were first asked for: sizes are chosen once. */
export function processLimits(): ProcessLimits {
  found ??= readLimits(systemFiles);
  return found;
}

export function readLimits(files: CgroupFiles): ProcessLimits {
  const kib = numberOf(/^MemTotal:\s+(\d+) kB$/m.exec(files.text("/proc/meminfo") ?? "")?.[1]);
  const memoryBytes = kib === undefined ? Number.POSITIVE_INFINITY : kib * 1024;
  const cores = Math.max(1, files.text("/proc/stat")?.match(/^cpu\d+ /gm)?.length ?? 1);
  const limits = openCgroup(files).read({ memoryBytes, cores });
  return {
    memoryBytes: limits.memoryLimitBytes ?? memoryBytes,
    cores: limits.cpuLimitCores ?? cores,
    isMemoryLimited: limits.memoryLimitBytes !== undefined,
    isCpuLimited: limits.cpuLimitCores !== undefined,
  };
}

/** Returns the cores that this process may use, a part of one counting as one. */
export function usableCores({ cores } = processLimits()): number {
  return Math.ceil(cores);
}

/** Returns the memory that is free now, for this process and those limited with it; undefined where it is not known. */
export function availableBytes(files: CgroupFiles = systemFiles): number | undefined {
  const text = files.text("/proc/meminfo") ?? "";
  const [all, free] = ["MemTotal", "MemAvailable"].map((name) => {
    const kib = numberOf(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
    return kib === undefined ? undefined : kib * 1024;
  });
  const { memoryLimitBytes: limit, memoryUsedBytes: used = 0 } = openCgroup(files).read({ memoryBytes: all, cores: 1 });
  if (limit === undefined) return free;
  return Math.min(free ?? limit, Math.max(0, limit - used));
}

/**
 * Returns how many event loops are worth having, which is what `workers: auto` means: one for each core that may be used, and no more than one for each 64 MiB of memory.
 */
export function eventLoops(limits: ProcessLimits = processLimits()): number {
  return Math.max(1, Math.min(usableCores(limits), Math.floor(limits.memoryBytes / MEMORY_PER_LOOP_BYTES)));
}

/**
 * Returns a size that fits the memory: `full` from 256 MiB on, below that in proportion.
 *
 * @param full whole: bytes, lines, entries
 * @param smallest @default {a sixteenth of full}
 */
export function fittingSize(full: number, smallest = full / 16, { memoryBytes } = processLimits()): number {
  if (!isMemoryScarce({ memoryBytes })) return full;
  return Math.max(Math.ceil(smallest), Math.floor(full * (memoryBytes / FULL_MEMORY_BYTES)));
}

/** Returns whether memory is so scarce that sizes shrink. */
export function isMemoryScarce({ memoryBytes }: Pick<ProcessLimits, "memoryBytes"> = processLimits()): boolean {
  return memoryBytes < FULL_MEMORY_BYTES;
}

/** Returns the most that one thing may take: `full`, but no more than half of the memory. */
export function memoryShare(full: number, { memoryBytes } = processLimits()): number {
  return Math.min(full, Math.floor(memoryBytes / 2));
}

/** Returns the fields of a line of the log: what is limited, and what follows; undefined where no cgroup limits anything. */
export function limitFields(limits = processLimits()): Readonly<Record<string, string | number>> | undefined {
  const { memoryBytes, cores, isMemoryLimited, isCpuLimited } = limits;
  if (!isMemoryLimited && !isCpuLimited) return undefined;
  const share = fittingSize(100, undefined, limits);
  return {
    ...(isMemoryLimited && { memory: formatBytes(memoryBytes).replace(" ", "") }),
    ...(isCpuLimited && { cpu: Number(cores.toFixed(2)) }),
    workers: eventLoops(limits),
    ...(share < 100 && { caches: `${share}%` }),
  };
}
