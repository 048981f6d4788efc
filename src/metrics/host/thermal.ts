import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf } from "./files.ts";

const FOLDER = "/sys/class/thermal";

/** Reads thermal zones and cooling devices in parallel; returns false where the kernel has neither. */
export async function addThermal(builder: FamilyBuilder, files: HostFiles): Promise<boolean> {
  const names = files.list(FOLDER);
  await Promise.all(names.map((name) => addThermalDevice(builder, files, name)));
  return files.target(FOLDER) !== undefined;
}

async function addThermalDevice(builder: FamilyBuilder, files: HostFiles, name: string): Promise<void> {
  const folder = `${FOLDER}/${name}`;
  const texts = (...names: string[]) =>
    files.slowTexts(
      folder,
      names.map((file) => `${folder}/${file}`),
    );
  const zone = /^thermal_zone(\d+)$/.exec(name)?.[1];
  if (zone !== undefined) {
    const [temp, type] = await texts("temp", "type");
    const millidegrees = numberOf(temp);
    const degrees = millidegrees === undefined ? undefined : millidegrees / 1000;
    const labels = { zone, type: type?.trim() ?? "" };
    builder.add("gauge", "node_thermal_zone_temp", "Zone temperature in Celsius", degrees, labels);
  }
  const device = /^cooling_device(\d+)$/.exec(name)?.[1];
  if (device !== undefined) {
    const [type, current, most] = await texts("type", "cur_state", "max_state");
    const labels = { name: device, type: type?.trim() ?? "" };
    const add = (state: string, help: string, value: number | undefined) =>
      builder.add("gauge", `node_cooling_device_${state}`, help, value, labels);
    add("cur_state", "Current throttle state of the cooling device", numberOf(current));
    add("max_state", "Maximum throttle state of the cooling device", numberOf(most));
  }
}

const CPUS = "/sys/devices/system/cpu";

/** File of a processor's `cpufreq` folder, in kHz; name; help. `cpuinfo_cur_freq` asks the hardware and needs root. */
const FREQUENCIES = [
  ["cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Current CPU thread frequency in hertz."],
  ["cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Minimum CPU thread frequency in hertz."],
  ["cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Maximum CPU thread frequency in hertz."],
  ["scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz."],
  ["scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz."],
  ["scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz."],
] as const;

/** Reads the frequencies of the first `maxCpus` processors; returns false where the kernel does not list processors. */
export async function addCpuFrequency(builder: FamilyBuilder, files: HostFiles, maxCpus = 64): Promise<boolean> {
  const cpus = files.list(CPUS).filter((name) => /^cpu\d+$/.test(name));
  await Promise.all(cpus.slice(0, maxCpus).map((name) => addFrequencies(builder, files, name)));
  return cpus.length > 0;
}

async function addFrequencies(builder: FamilyBuilder, files: HostFiles, name: string): Promise<void> {
  const folder = `${CPUS}/${name}/cpufreq`;
  if (files.list(folder).length === 0) return;
  const cpu = name.slice("cpu".length);
  const names = [...FREQUENCIES.map(([file]) => file), "scaling_governor", "scaling_available_governors"];
  const texts = await files.slowTexts(
    folder,
    names.map((file) => `${folder}/${file}`),
  );
  for (const [index, [, family, help]] of FREQUENCIES.entries()) {
    const kilohertz = numberOf(texts[index]);
    builder.add("gauge", family, help, kilohertz === undefined ? undefined : kilohertz * 1000, { cpu });
  }
  const [current, available] = texts.slice(FREQUENCIES.length);
  for (const governor of available?.trim().split(/\s+/) ?? []) {
    const isCurrent = governor === current?.trim() ? 1 : 0;
    builder.add("gauge", "node_cpu_scaling_governor", "Current enabled CPU frequency governor.", isCurrent, {
      cpu,
      governor,
    });
  }
}
