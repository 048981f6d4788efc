import type { Disk } from "./disk.ts";
import type { HostFiles } from "./files.ts";
import { PRESSURE_FAMILIES, PRESSURE_RESOURCES, parsePressure } from "./memory.ts";
import type { DeviceCounts } from "./network.ts";
import type { CpuTimes } from "./stat.ts";

/** How many processors, devices and mounts are kept apart: each is one or more series of the history. */
export interface HostBounds {
  /** @default {16} */
  readonly maxCores: number;
  /** @default {8} */
  readonly maxInterfaces: number;
  /** @default {8} */
  readonly maxDisks: number;
  /** @default {16} */
  readonly maxMounts: number;
}

export const HOST_BOUNDS: HostBounds = { maxCores: 16, maxInterfaces: 8, maxDisks: 8, maxMounts: 16 };

/** Traffic of one network device since it appeared. */
export interface InterfaceSample {
  readonly device: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** One whole disk. */
export interface DiskSample {
  readonly device: string;
  /** Time in which it had something to do, since the boot. */
  readonly ioSeconds: number;
}

/** Seconds of all processes together, since the boot; waiting for a disk counts as idle. */
export function busySeconds({ user, nice, system, irq, softirq, steal }: CpuTimes): number {
  return user + nice + system + irq + softirq + steal;
}

/** Returns the busy seconds of the first processors, by number. */
export function coresOf(cpus: ReadonlyMap<string, CpuTimes>, { maxCores }: HostBounds): ReadonlyMap<string, number> {
  return new Map([...cpus].slice(0, maxCores).map(([cpu, times]) => [cpu, busySeconds(times)]));
}

/** Returns the seconds lost to waiting since the boot, by the middle of their name in the scrape: `cpu_waiting`. */
export function readPressure(files: HostFiles): ReadonlyMap<string, number> {
  const lost = new Map<string, number>();
  for (const resource of PRESSURE_RESOURCES) {
    if (resource === "irq") continue;
    const text = files.text(`/proc/pressure/${resource}`);
    // A kernel has all of them or none.
    if (text === undefined) return lost;
    const pressure = parsePressure(text);
    for (const [of, field, name] of PRESSURE_FAMILIES) {
      const seconds = pressure[field];
      if (of === resource && seconds !== undefined) lost.set(name, seconds);
    }
  }
  return lost;
}

const FOLDER = "/sys/class/net";
const CHOOSE_EVERY_MS = 30_000;
/** On a host with hundreds of containers, only so many virtual devices are inspected. */
const MAX_INSPECTED = 64;

/** Returns a chooser of the devices to keep apart: those that count first, then others that are no port of a bridge or bond. */
export function interfaceChooser(files: HostFiles, { maxInterfaces }: HostBounds, nowMs = () => performance.now()) {
  let chosen: readonly string[] = [];
  let chosenFor = "";
  let chosenMs = Number.NEGATIVE_INFINITY;
  const isPort = (name: string) => files.target(`${FOLDER}/${name}/master`) !== undefined;
  return (present: readonly string[], counted: ReadonlySet<string>): readonly string[] => {
    const key = present.join("\n");
    if (key === chosenFor && nowMs() - chosenMs < CHOOSE_EVERY_MS) return chosen;
    const others = present.filter((name) => name !== "lo" && !counted.has(name)).slice(0, MAX_INSPECTED);
    const shown = [...counted, ...others.filter((name) => !isPort(name))].slice(0, maxInterfaces);
    [chosen, chosenFor, chosenMs] = [shown, key, nowMs()];
    return chosen;
  };
}

/** Returns each device's traffic. A single one would only repeat the sum over all. */
export function interfacesOf(devices: ReadonlyMap<string, DeviceCounts>, chosen: readonly string[]): InterfaceSample[] {
  const found = chosen.flatMap((device) => {
    const counts = devices.get(device);
    if (counts === undefined) return [];
    return [{ device, receivedBytes: counts.get("receive_bytes") ?? 0, sentBytes: counts.get("transmit_bytes") ?? 0 }];
  });
  return found.length > 1 ? found : [];
}

export function disksOf(disks: readonly Disk[], { maxDisks }: HostBounds): DiskSample[] {
  return disks.slice(0, maxDisks).flatMap(({ device, values }) => {
    const ioSeconds = values.get("io_time_seconds_total");
    return ioSeconds === undefined ? [] : [{ device, ioSeconds }];
  });
}
