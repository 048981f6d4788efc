import type { SettingMeta } from "../../part/mod.ts";

const DURATION_UNITS = [["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]] as const; // biome-ignore format: a table
const SIZE_UNITS = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["", 1]] as const; // biome-ignore format: a table

/** Formats a number as a configuration file has it, by the unit that its schema names. */
export function quantityText(value: number, unit: SettingMeta["unit"]): string {
  if (unit === "us") return `${value}us`;
  if (unit === "ms") return exactly(value, DURATION_UNITS);
  if (unit === "s") return exactly(value * 1000, DURATION_UNITS);
  if (unit === "percent") return `${value}%`;
  if (unit === "celsius") return `${value}°C`;
  return unit === "bytes" ? exactly(value, SIZE_UNITS) : String(value);
}

/** Formats in the largest unit that gives a whole number: 90000 ms is `90s`, not `1.5m`. */
function exactly(value: number, units: readonly (readonly [name: string, factor: number])[]): string {
  const [name, factor] = units.find(([, factor]) => value !== 0 && Number.isInteger(value / factor)) ?? units.at(-1)!;
  return `${value / factor}${name}`;
}
