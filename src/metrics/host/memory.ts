import type { FamilyBuilder } from "../family-builder.ts";
import { numberOf, wordsOfLines } from "./files.ts";

/**
 * Parses /proc/meminfo into bytes under node_exporter's names, such as `MemTotal_bytes` and `Active_anon_bytes`. Fields that
 * the kernel counts in pages have no unit (`HugePages_Free`).
 */
export function parseMeminfo(text: string): Map<string, number> {
  const fields = new Map<string, number>();
  for (const [name = "", amount, unit] of wordsOfLines(text)) {
    const value = numberOf(amount);
    if (value === undefined || !name.endsWith(":")) continue;
    const field = name.slice(0, -1).replace(/\((.*)\)/, "_$1");
    if (unit === undefined) fields.set(field, value);
    else if (unit === "kB") fields.set(`${field}_bytes`, value * 1024);
  }
  return fields;
}

export function addMemory(builder: FamilyBuilder, fields: ReadonlyMap<string, number>): void {
  for (const [field, value] of fields) {
    builder.add("gauge", `node_memory_${field}`, `Memory information field ${field}.`, value);
  }
}

/** Seconds lost to waiting for one resource since the boot. */
export interface Pressure {
  /** While some process waited. */
  readonly someSeconds: number | undefined;
  /** While no process could continue. */
  readonly fullSeconds: number | undefined;
}

/** Parses a file of /proc/pressure (Linux 4.20; off on a Raspberry Pi unless its kernel is started with `psi=1`). */
export function parsePressure(text: string): Pressure {
  const total = (line: string) => {
    const match = new RegExp(`^${line} .*total=(\\d+)`, "m").exec(text);
    return match ? Number(match[1]) / 1e6 : undefined;
  };
  return { someSeconds: total("some"), fullSeconds: total("full") };
}

/** Resource, line of its file, name within the metric's, help. */
export const PRESSURE_FAMILIES = [
  ["cpu", "someSeconds", "cpu_waiting", "Total time in seconds that processes have waited for CPU time"],
  ["io", "someSeconds", "io_waiting", "Total time in seconds that processes have waited due to IO congestion"],
  ["io", "fullSeconds", "io_stalled", "Total time in seconds no process could make progress due to IO congestion"],
  ["memory", "someSeconds", "memory_waiting", "Total time in seconds that processes have waited for memory"],
  [
    "memory",
    "fullSeconds",
    "memory_stalled",
    "Total time in seconds no process could make progress due to memory congestion",
  ],
  ["irq", "fullSeconds", "irq_stalled", "Total time in seconds no process could make progress due to IRQ congestion"],
] as const;

export const PRESSURE_RESOURCES = ["cpu", "io", "memory", "irq"] as const;

export function addPressure(builder: FamilyBuilder, ofResource: Readonly<Record<string, Pressure>>): void {
  for (const [resource, field, name, help] of PRESSURE_FAMILIES) {
    builder.add("counter", `node_pressure_${name}_seconds_total`, help, ofResource[resource]?.[field]);
  }
}
