import type { CgroupReader } from "../../limits/mod.ts";
import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, wordsOfLines } from "./files.ts";

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
