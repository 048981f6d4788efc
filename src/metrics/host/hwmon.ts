import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf } from "./files.ts";

const FOLDER = "/sys/class/hwmon";
/** `temp1_input` is the element `input` of the sensor `temp1`; a file may stand for itself (`pwm1`). */
const FILE_NAME =
  /^(vrm|beep_enable|update_interval|in|cpu|fan|pwm|temp|curr|power|energy|humidity|intrusion|freq)(\d*)(?:_(.+))?$/;
const MAX_CHIPS = 64;
const MAX_FILES = 512;

/** The texts of one chip's files, by sensor, then by element. */
export type SensorTexts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads voltages, fans, temperatures, currents, powers. Some chips answer after a tenth of a second. */
export async function addHwmon(builder: FamilyBuilder, files: HostFiles): Promise<boolean> {
  const chips = files
    .list(FOLDER)
    .slice(0, MAX_CHIPS)
    .map((name): Chip => {
      // The kernel has the driver's name in memory: no chip is asked.
      const called = cleaned(files.text(`${FOLDER}/${name}/name`) ?? "");
      return { name, called, place: placeOf(files, name) || called || cleaned(name) };
    });
  await Promise.all(
    chips.map(async (chip) => {
      const label = labelOf(chip, chips);
      const help = "Annotation metric for human-readable chip names";
      if (chip.called !== "")
        builder.add("gauge", "node_hwmon_chip_names", help, 1, { chip: label, chip_name: chip.called });
      addSensors(builder, label, await sensorTexts(files, `${FOLDER}/${chip.name}`));
    }),
  );
  return chips.length > 0;
}

interface Chip {
  /** `hwmon0`: numbered in the order in which modules were loaded, so not stable. */
  readonly name: string;
  /** The driver's name for it, such as `coretemp`; two chips may share one. */
  readonly called: string;
  /** The device's place on its bus, which is stable: `platform_coretemp_0`. */
  readonly place: string;
}

function placeOf(files: HostFiles, name: string): string {
  const [device = "", bus = ""] = (files.target(`${FOLDER}/${name}/device`) ?? "").split("/").reverse().map(cleaned);
  return device !== "" && bus !== "" ? `${bus}_${device}` : device;
}

/** Two chips of one device are distinguished by their names, or else by their numbers. */
function labelOf(chip: Chip, chips: readonly Chip[]): string {
  const neighbours = chips.filter((other) => other !== chip && other.place === chip.place);
  if (neighbours.length === 0) return chip.place;
  const isNamed = chip.called !== "" && neighbours.every((other) => other.called !== chip.called);
  return `${chip.place}_${isNamed ? chip.called : cleaned(chip.name)}`;
}

function cleaned(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, "_")
    .replace(/^_+|_+$/g, "");
}

/** Older drivers have their files in the subfolder `device`. */
async function sensorTexts(files: HostFiles, folder: string): Promise<SensorTexts> {
  const named = [folder, `${folder}/device`].flatMap((inside) =>
    files
      .list(inside)
      .slice(0, MAX_FILES)
      .flatMap((file) => {
        const match = FILE_NAME.exec(file);
        const sensor = `${match?.[1]}${Number(match?.[2] || "0")}`;
        return match === null ? [] : [{ path: `${inside}/${file}`, sensor, element: match[3] ?? "" }];
      }),
  );
  const texts = await files.slowTexts(
    folder,
    named.map(({ path }) => path),
  );
  const sensors = new Map<string, Map<string, string>>();
  for (const [index, { sensor, element }] of named.entries()) {
    const text = texts[index];
    if (text === undefined) continue;
    const elements = sensors.get(sensor) ?? new Map<string, string>();
    sensors.set(sensor, elements.set(element, text.slice(0, 128).replace(/^\n+|\n+$/g, "")));
  }
  return sensors;
}

/** Follows node_exporter's naming rules: `temp1_input` of 48312 is `node_hwmon_temp_celsius` 48.312. */
export function addSensors(builder: FamilyBuilder, chip: string, sensors: SensorTexts): void {
  for (const [sensor, elements] of sensors) {
    const labels = { chip, sensor };
    const label = elements.get("label");
    if (label !== undefined) {
      const help = "Label for given chip and sensor";
      builder.add("gauge", "node_hwmon_sensor_label", help, 1, { ...labels, label });
    }
    const kind = FILE_NAME.exec(sensor)?.[1] ?? "";
    for (const [element, text] of elements) {
      const value = numberOf(text);
      if (element === "label" || value === undefined) continue;
      const family = familyOf(kind, element, elements.has(""));
      if (family === undefined || (kind === "freq" && label === undefined)) continue;
      const help = `Hardware monitor: ${kind} ${element}`.trim();
      const named = kind === "freq" ? { chip, sensor: cleaned(label ?? "") } : labels;
      builder.add(family.type, family.name, help, value / family.divisor, named);
    }
  }
}

interface SensorFamily {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly divisor: number;
}

/** Suffix and divisor for the elements of a kind of sensor; {@link familyOf} has the exceptions. */
const UNITS: Readonly<Record<string, readonly [string, number]>> = {
  in: ["_volts", 1e3],
  cpu: ["_volts", 1e3],
  temp: ["_celsius", 1e3],
  curr: ["_amps", 1e3],
  energy: ["_joule_total", 1e6],
  power: ["_watt", 1e6],
  humidity: ["", 1e6],
};

/** @param hasPlain whether the sensor also has a file without an element, which then has the short name */
function familyOf(kind: string, element: string, hasPlain: boolean): SensorFamily | undefined {
  const gauge = (name: string, divisor = 1): SensorFamily => ({ name: `node_hwmon_${name}`, type: "gauge", divisor });
  if (kind === "beep_enable") return gauge("beep_enabled");
  if (kind === "vrm") return gauge("voltage_regulator_version");
  if (kind === "update_interval") return gauge("update_interval_seconds", 1e3);
  const isInput = element === "input";
  const name = element === "" || (isInput && !hasPlain) ? kind : `${kind}_${cleaned(element)}`;
  if (element === "fault" || element === "alarm") return gauge(name);
  if (element === "beep") return gauge(`${name}_enabled`);
  if (kind === "power" && element === "accuracy") return gauge(name, 1e6);
  if (kind === "power" && /^average_interval(_min|_max)?$/.test(element)) return gauge(`${name}_seconds`, 1e3);
  if (kind === "fan" && /^(input|min|max|target)$/.test(element)) return gauge(`${name}_rpm`);
  if (kind === "freq") return isInput ? gauge(`${name}_freq_mhz`, 1e6) : undefined;
  const unit = kind === "temp" && element === "type" ? undefined : UNITS[kind];
  if (unit === undefined) return gauge(name);
  const type = kind === "energy" ? "counter" : "gauge";
  return { name: `node_hwmon_${name}${unit[0]}`, type, divisor: unit[1] };
}
