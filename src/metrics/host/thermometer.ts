import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf } from "./files.ts";

/** The processor's temperature, and the sensor that measured it: `k10temp Tctl`, `cpu-thermal`. */
export interface Temperature {
  readonly celsius: number;
  readonly sensor: string;
}

export interface Thermometer {
  /** Resolves to undefined where the machine has no such sensor, or none of them answers. Never rejects. */
  read(): Promise<Temperature | undefined>;
}

interface Sensor {
  readonly name: string;
  /** Folder of the device: its sensors hang together. */
  readonly device: string;
  readonly path: string;
}

/** Drivers that measure the processor and nothing else, the most reliable first. */
const PROCESSOR_DRIVERS = ["k10temp", "coretemp", "cpu_thermal", "soc_thermal", "zenpower", "k8temp", "via_cputemp"];
/** Preferred sensors of such a chip: the whole package, then the true temperature before the one that controls fans. */
const WHOLE_CHIP = [/^(package|physical) id/i, /^tdie/i, /^tctl/i];
/** Names of zones and chips that measure the processor: `x86_pkg_temp`, `cpu0-thermal`, `bigcore0_thermal`, `TCPU`. */
const PROCESSOR = /cpu|core|(^|[^a-z])(soc|pkg|package|cluster|b0d4)/i;
/** Sensors of a board's chip that are placed at the processor: `CPUTIN`, `CPU Package`, `PECI Agent 0`. */
const AT_PROCESSOR = /^(cpu|peci|tdie|tctl)/i;
/** Parts with a heat of their own, whose temperature says nothing about the processor or the case. */
const PART =
  /gpu|npu|nvme|drivetemp|ddr|dimm|jc42|spd5118|wifi|wlan|iwl|ath\d|mt7\d|phy|r8169|modem|bat|charg|amdgpu|nouveau/i;

/** Drivers may be loaded later than tenk, and chips are renumbered. */
const SEARCH_EVERY_MS = 60_000;

/** Reads the processor's sensor, else the board's; the warmest of several alike, such as those of two sockets. */
export function openThermometer(files: HostFiles, nowMs: () => number = () => performance.now()): Thermometer {
  let groups: Promise<readonly (readonly Sensor[])[]> | undefined;
  let searchedMs = 0;
  return {
    async read() {
      if (groups === undefined || nowMs() - searchedMs >= SEARCH_EVERY_MS) {
        searchedMs = nowMs();
        groups = sensorGroups(files);
      }
      for (const sensors of await groups) {
        const warmest = await warmestOf(files, sensors);
        if (warmest !== undefined) return warmest;
      }
      return undefined;
    },
  };
}

async function warmestOf(files: HostFiles, sensors: readonly Sensor[]): Promise<Temperature | undefined> {
  let warmest: Temperature | undefined;
  const devices = Map.groupBy(sensors, ({ device }) => device);
  for (const [device, inside] of devices) {
    const texts = await files.slowTexts(
      device,
      inside.map(({ path }) => path),
    );
    for (const [index, { name }] of inside.entries()) {
      const celsius = (numberOf(texts[index]) ?? Number.NaN) / 1000;
      if (isPlausible(celsius) && !(celsius <= (warmest?.celsius ?? -1000))) warmest = { celsius, sensor: name };
    }
  }
  return warmest;
}

/** An input that is not connected reads as 0, −273 or 255 °C. */
function isPlausible(celsius: number): boolean {
  return celsius > -40 && celsius < 150 && celsius !== 0;
}

/** Returns all suitable sensors in groups, the best group first. */
async function sensorGroups(files: HostFiles): Promise<(readonly Sensor[])[]> {
  const chips = await Promise.all(
    files.list("/sys/class/hwmon").map((name) => sensorsOfChip(files, `/sys/class/hwmon/${name}`)),
  );
  const zones = files
    .list("/sys/class/thermal")
    .filter((name) => /^thermal_zone\d+$/.test(name))
    .map((name) => zoneOf(files, `/sys/class/thermal/${name}`));
  const [alike, board] = [chips.flat().concat(zones), zones.filter(({ type }) => !PROCESSOR.test(type))];
  const processorZones = zones.filter(({ type }) => PROCESSOR.test(type));
  return [
    ...PROCESSOR_DRIVERS.map((driver) => alike.filter((sensor) => sensor.isChip && sensor.type === driver)),
    [...processorZones, ...alike.filter(({ isChip, type }) => isChip && PROCESSOR.test(type))],
    alike.filter(({ isChip, label }) => isChip && AT_PROCESSOR.test(label)),
    board.filter(({ type }) => type === "acpitz"),
    board,
  ].map((group) => group.filter(({ type }) => !PART.test(type)));
}

interface NamedSensor extends Sensor {
  /** The driver's or the zone's name. */
  readonly type: string;
  readonly label: string;
  readonly isChip: boolean;
}

function zoneOf(files: HostFiles, folder: string): NamedSensor {
  const type = files.text(`${folder}/type`)?.trim() ?? "";
  return { name: type, type, label: "", isChip: false, device: folder, path: `${folder}/temp` };
}

async function sensorsOfChip(files: HostFiles, folder: string): Promise<NamedSensor[]> {
  const type = files.text(`${folder}/name`)?.trim() ?? "";
  const paths = [folder, `${folder}/device`].flatMap((inside) =>
    files
      .list(inside)
      .filter((file) => /^temp\d+_input$/.test(file))
      .map((file) => `${inside}/${file}`),
  );
  const labels = await files.slowTexts(
    folder,
    paths.map((path) => path.replace(/_input$/, "_label")),
  );
  const sensors = paths.map((path, index): NamedSensor => {
    const label = labels[index]?.trim() ?? "";
    return { name: `${type} ${label}`.trim(), type, label, isChip: true, device: folder, path };
  });
  if (!PROCESSOR_DRIVERS.includes(type)) return sensors;
  const whole = WHOLE_CHIP.map((pattern) => sensors.filter(({ label }) => pattern.test(label)));
  return whole.find((found) => found.length > 0) ?? sensors;
}

/** Returns false where there is none. */
export function addTemperature(builder: FamilyBuilder, temperature: Temperature | undefined): boolean {
  const help = "Temperature of the processor, or of the board where no sensor is at the processor.";
  const { celsius, sensor = "" } = temperature ?? {};
  builder.add("gauge", "tenk_host_temperature_celsius", help, celsius, { sensor });
  return temperature !== undefined;
}
