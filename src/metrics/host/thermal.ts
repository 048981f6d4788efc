import type { FamilyBook } from "../family-book.ts";
import { type HostFiles, numberOf } from "./files.ts";

const FOLDER = "/sys/class/thermal";

/** Zones and what cools them; false where the kernel knows nothing of either. Off the main thread: a driver asks a chip for each. */
export async function addThermal(book: FamilyBook, files: HostFiles): Promise<boolean> {
  const names = files.list(FOLDER);
  for (const name of names) {
    const text = (file: string) => files.slowText(`${FOLDER}/${name}/${file}`);
    const zone = /^thermal_zone(\d+)$/.exec(name)?.[1];
    if (zone !== undefined) {
      const millidegrees = numberOf(await text("temp"));
      const labels = { zone, type: (await text("type"))?.trim() ?? "" };
      const degrees = millidegrees === undefined ? undefined : millidegrees / 1000;
      book.add("gauge", "node_thermal_zone_temp", "Zone temperature in Celsius", degrees, labels);
    }
    const device = /^cooling_device(\d+)$/.exec(name)?.[1];
    if (device !== undefined) {
      const labels = { name: device, type: (await text("type"))?.trim() ?? "" };
      const add = (state: string, help: string, value: number | undefined) =>
        book.add("gauge", `node_cooling_device_${state}`, help, value, labels);
      add("cur_state", "Current throttle state of the cooling device", numberOf(await text("cur_state")));
      add("max_state", "Maximum throttle state of the cooling device", numberOf(await text("max_state")));
    }
  }
  return files.target(FOLDER) !== undefined;
}

/** File of a processor's `cpufreq` folder, in kHz; name; help. `cpuinfo_cur_freq` asks the hardware and needs root. */
const FREQUENCIES = [
  ["cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Current CPU thread frequency in hertz."],
  ["cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Minimum CPU thread frequency in hertz."],
  ["cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Maximum CPU thread frequency in hertz."],
  ["scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz."],
  ["scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz."],
  ["scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz."],
] as const;

/** Where the kernel steers frequencies; false where it does not tell its processors. Processors past the first `maxCpus` are left out. */
export async function addCpuFrequency(book: FamilyBook, files: HostFiles, maxCpus = 64): Promise<boolean> {
  const folder = "/sys/devices/system/cpu";
  const cpus = files.list(folder).filter((name) => /^cpu\d+$/.test(name));
  for (const name of cpus.slice(0, maxCpus)) {
    if (files.list(`${folder}/${name}/cpufreq`).length === 0) continue;
    const cpu = name.slice("cpu".length);
    const text = (file: string) => files.slowText(`${folder}/${name}/cpufreq/${file}`);
    for (const [file, family, help] of FREQUENCIES) {
      const kilohertz = numberOf(await text(file));
      book.add("gauge", family, help, kilohertz === undefined ? undefined : kilohertz * 1000, { cpu });
    }
    const current = (await text("scaling_governor"))?.trim();
    const available = (await text("scaling_available_governors"))?.trim().split(/\s+/) ?? [];
    for (const governor of available) {
      const isCurrent = governor === current ? 1 : 0;
      const help = "Current enabled CPU frequency governor.";
      book.add("gauge", "node_cpu_scaling_governor", help, isCurrent, { cpu, governor });
    }
  }
  return cpus.length > 0;
}
