import type { FamilyBuilder } from "../family-builder.ts";
import { numberOf, wordsOfLines } from "./files.ts";

/** Seconds a processor spent in each mode since the start; guests are part of user and nice. */
export interface CpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
  readonly guest: number;
  readonly guestNice: number;
}

/** The content of /proc/stat; a field is undefined where the kernel does not report it. */
export interface KernelStat {
  /** All processors together, including those that are switched off. */
  readonly total: CpuTimes | undefined;
  /** By number; a processor that is switched off has no entry. */
  readonly cpus: ReadonlyMap<string, CpuTimes>;
  readonly contextSwitches: number | undefined;
  readonly interrupts: number | undefined;
  readonly forks: number | undefined;
  readonly bootSeconds: number | undefined;
  readonly running: number | undefined;
  readonly blocked: number | undefined;
}

/** Linux reports ticks of 1/100 s to programs on every architecture that we run on, whatever its internal clock. */
const TICKS_PER_SECOND = 100;
const MODES = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
export const CPU_FIELDS = [...MODES, "guest", "guestNice"] as const;
/** The idle time of a processor that was switched off may restart far below. A smaller step back is the kernel's inaccuracy. */
const RESTART_SECONDS = 3;

export function parseStat(text: string): KernelStat {
  const cpus = new Map<string, CpuTimes>();
  let total: CpuTimes | undefined;
  const single = new Map<string, number | undefined>();
  for (const [key = "", ...words] of wordsOfLines(text)) {
    const cpu = /^cpu(\d+)$/.exec(key)?.[1];
    if (cpu !== undefined) cpus.set(cpu, cpuTimes(words));
    else if (key === "cpu") total = cpuTimes(words);
    else single.set(key, numberOf(words[0]));
  }
  return {
    total,
    cpus,
    contextSwitches: single.get("ctxt"),
    interrupts: single.get("intr"),
    forks: single.get("processes"),
    bootSeconds: single.get("btime"),
    running: single.get("procs_running"),
    blocked: single.get("procs_blocked"),
  };
}

/** Older kernels have fewer columns, newer ones may have more. */
function cpuTimes(words: readonly string[]): CpuTimes {
  const seconds = (column: number) => (numberOf(words[column]) ?? 0) / TICKS_PER_SECOND;
  return Object.fromEntries(CPU_FIELDS.map((field, column) => [field, seconds(column)])) as unknown as CpuTimes;
}

/**
 * Returns times that are safe to show as counters. The kernel's idle and iowait times step back a little now and then, which
 * Prometheus would take for a restart, counting the whole value again.
 */
export function withoutStepsBack(before: CpuTimes | undefined, now: CpuTimes): CpuTimes {
  if (before === undefined || before.idle - now.idle >= RESTART_SECONDS) return now;
  return Object.fromEntries(
    CPU_FIELDS.map((field) => [field, Math.max(before[field], now[field])]),
  ) as unknown as CpuTimes;
}

export function addCpu(builder: FamilyBuilder, cpus: KernelStat["cpus"]): void {
  for (const [cpu, times] of cpus) {
    for (const mode of MODES) {
      const help = "Seconds the CPUs spent in each mode.";
      builder.add("counter", "node_cpu_seconds_total", help, times[mode], { cpu, mode });
    }
    const help = "Seconds the CPUs spent in guests (VMs) for each mode.";
    builder.add("counter", "node_cpu_guest_seconds_total", help, times.guest, { cpu, mode: "user" });
    builder.add("counter", "node_cpu_guest_seconds_total", help, times.guestNice, { cpu, mode: "nice" });
  }
}

export function addStat(builder: FamilyBuilder, stat: KernelStat): void {
  builder.add("counter", "node_intr_total", "Total number of interrupts serviced.", stat.interrupts);
  builder.add("counter", "node_context_switches_total", "Total number of context switches.", stat.contextSwitches);
  builder.add("counter", "node_forks_total", "Total number of forks.", stat.forks);
  builder.add("gauge", "node_boot_time_seconds", "Node boot time, in unixtime.", stat.bootSeconds);
  builder.add("gauge", "node_procs_running", "Number of processes in runnable state.", stat.running);
  builder.add("gauge", "node_procs_blocked", "Number of processes blocked waiting for I/O to complete.", stat.blocked);
}
