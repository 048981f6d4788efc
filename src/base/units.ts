import { TenkError } from "./errors.ts";

/** Units, as factors to the base unit. Case is ignored unless two units differ only in it. */
type Units = Readonly<Record<string, number>>;

const COUNT: Units = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const DURATION_MS: Units = { us: 1e-3, ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86400e3 };
const BYTES: Units = {
  "": 1, b: 1, k: 1024, kb: 1000, kib: 1024, m: 1024 ** 2, mb: 1e6, mib: 1024 ** 2, g: 1024 ** 3, gb: 1e9, gib: 1024 ** 3,
}; // biome-ignore format: a table
const BITS_PER_SECOND: Units = { bps: 1, kbps: 1e3, Mbps: 1e6, Gbps: 1e9, Bps: 8, kBps: 8e3, MBps: 8e6, GBps: 8e9 };

function parse(text: string, units: Units, what: string, example: string): number {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]*)\s*$/.exec(text);
  const unit = match?.[2] ?? "";
  const factor = units[unit] ?? units[unit.toLowerCase()];
  const value = match && factor !== undefined ? Number(match[1]) * factor : Number.NaN;
  if (Number.isFinite(value)) return value;
  const known = Object.keys(units).filter((name) => name !== "");
  throw new TenkError("usage", `Cannot read "${text}" as ${what}: expected a number and one of ${known.join(", ")}`, {
    hint: `for example ${example}`,
  });
}

/**
 * Parses a count: `10k`, `1.5m`, `250`. The factors are decimal (`k` = 1000).
 *
 * @throws {TenkError} `usage` when the text is not a whole, non-negative number after scaling
 * @example
 * parseCount("1.5k"); // 1500
 */
export function parseCount(text: string): number {
  const value = Math.round(parse(text, COUNT, "a count", "10k") * 1e6) / 1e6;
  if (Number.isInteger(value)) return value;
  throw new TenkError("usage", `Cannot read "${text}" as a count: it must be a whole number`, {
    hint: "for example 10k",
  });
}

/** Parses a rate per second, which may be a fraction: `0.5`, `10`, `100k`. @throws {TenkError} `usage` */
export function parseRate(text: string): number {
  return parse(text.replace(/\/s$/, ""), COUNT, "a rate per second", "10 or 100k");
}

/**
 * Parses a duration into milliseconds: `60s`, `10ms`, `4m`, `0.5h`. The unit is required, so that `10` cannot be misread.
 *
 * @throws {TenkError} `usage`
 * @example
 * parseDuration("4m"); // 240000
 */
export function parseDuration(text: string): number {
  return parse(text, DURATION_MS, "a duration", "30s or 10ms");
}

/**
 * Parses a size into bytes. `k`, `m`, `g` and the `i` forms are binary, `kB`, `MB`, `GB` decimal.
 *
 * @throws {TenkError} `usage`
 * @example
 * parseBytes("2MiB"); // 2097152
 */
export function parseBytes(text: string): number {
  return Math.round(parse(text, BYTES, "a size", "64KiB or 2MiB"));
}

/** Parses a bandwidth into bytes per second: `1Mbps` (bits) or `1MBps` (bytes), as tcpkali does. @throws {TenkError} `usage` */
export function parseBandwidth(text: string): number {
  return parse(text, BITS_PER_SECOND, "a bandwidth", "10Mbps or 1MBps") / 8;
}

function scaled(value: number, step: number, names: readonly string[]): string {
  let index = 0;
  let rest = value;
  while (Math.abs(rest) >= step && index < names.length - 1) {
    rest /= step;
    index += 1;
  }
  const digits = index === 0 || Math.abs(rest) >= 100 ? 0 : 1;
  return `${rest.toFixed(digits).replace(/\.0$/, "")}${names[index]}`;
}

/** Formats for people: `12500` → `12.5k`. */
export function formatCount(value: number): string {
  return Math.abs(value) < 10_000 ? String(Math.round(value * 10) / 10) : scaled(value, 1000, ["", "k", "M", "G", "T"]);
}

/** `2097152` → `2 MiB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
}

/** `1500` → `1.5s`, `0.25` → `250us`, `1000000` → `16m 40s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0ms";
  if (Math.abs(ms) < 1) return `${Math.round(ms * 1000)}us`;
  if (Math.abs(ms) < 1000) return `${ms.toFixed(ms < 10 ? 2 : 1).replace(/\.?0+$/, "")}ms`;
  if (Math.abs(ms) < 120_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")}s`;
  const sign = ms < 0 ? "-" : "";
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 7200) return sign + twoUnits(seconds, 60, ["m", "s"]);
  return sign + twoUnits(Math.round(seconds / 60), 60, ["h", "m"]);
}

/** How long something has lasted, in whole units that do not change all the time: `12s`, `46m`, `5h 3m`, `3d`. */
export function formatAge(ms: number): string {
  const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
  if (ms >= 2 * dayMs) return `${Math.floor(ms / dayMs)}d`;
  if (ms >= 2 * hourMs) return formatDuration(ms - (ms % minuteMs));
  return ms >= minuteMs ? `${Math.floor(ms / minuteMs)}m` : `${Math.max(0, Math.floor(ms / 1000))}s`;
}

/** Omits the smaller unit when it is 0. */
function twoUnits(smaller: number, perLarger: number, [large, small]: readonly [string, string]): string {
  const rest = smaller % perLarger;
  return `${Math.floor(smaller / perLarger)}${large}${rest === 0 ? "" : ` ${rest}${small}`}`;
}
