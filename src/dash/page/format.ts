/** Numbers and times as the page writes them. Pure. */

/** The unit of a value, which decides how it is written. */
export type Unit =
  | "count"
  | "perSecond"
  | "bytes"
  | "bytesPerSecond"
  | "share"
  | "percent"
  | "seconds"
  | "us"
  | "celsius"
  | "load";

const NONE = "–";

/** Three significant digits, with k, M, G: `98.7k`. */
export function compact(value: number): string {
  return scaled(value, 1000, ["", "k", "M", "G", "T", "P"], "");
}

/** `39.4 MiB` */
export function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], " ");
}

function scaled(value: number, base: number, units: readonly string[], space: string): string {
  let rest = Math.abs(value);
  let power = 0;
  // A value that rounds up to the next unit is written in it: 999.9 is 1k.
  while (rest >= base * 0.9995 && power < units.length - 1) {
    rest /= base;
    power += 1;
  }
  const text = power === 0 && Number.isInteger(rest) ? String(rest) : digits(rest);
  return `${value < 0 ? "−" : ""}${text}${units[power] === "" ? "" : space + units[power]}`;
}

/** Three significant digits without trailing zeros of a fraction: 0.123, 1.23, 12.3, 123. */
function digits(value: number): string {
  if (value === 0) return "0";
  const fraction = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3;
  return value
    .toFixed(fraction)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/** A value with its unit; a dash where there is none. */
export function written(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  switch (unit) {
    case "count":
      return Number.isInteger(value) && Math.abs(value) < 1e6 ? grouped(value) : compact(value);
    case "perSecond":
      return `${compact(value)}/s`;
    case "bytes":
      return bytes(value);
    case "bytesPerSecond":
      return `${bytes(value)}/s`;
    case "share":
      return percent(value * 100);
    case "percent":
      return percent(value);
    case "seconds":
      return seconds(value);
    case "us":
      return seconds(value / 1e6);
    case "celsius":
      return `${value.toFixed(1)} °C`;
    case "load":
      return value.toFixed(2);
  }
}

/** One decimal at most. */
function percent(value: number): string {
  return `${Math.abs(value) >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "")} %`;
}

/** A measured time, from microseconds to seconds: `1.23 ms`. */
export function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 0.0009995) return `${digits(size * 1e6)} µs`;
  if (size < 0.9995) return `${digits(size * 1e3)} ms`;
  return size < 120 ? `${digits(size)} s` : duration(value * 1000);
}

/** How long something has lasted, in its two largest units: `3 d 4 h`, `12 s`. */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** All digits, in groups: `1 000 000`. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

const two = (value: number) => String(value).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `13:45:09` of the reader's own clock. */
export function clock(ms: number, withSeconds = true): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
}

/** `23 Nov` */
export function day(ms: number): string {
  const date = new Date(ms);
  return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
}

/** `23 Nov 13:45:09`; of another year `23 Nov 2025 13:45:09`. */
export function moment(ms: number, nowMs = Date.now()): string {
  return `${dayOfYear(ms, nowMs)} ${clock(ms)}`;
}

/** `23 Nov`; of another year `23 Nov 2025`. */
export function dayOfYear(ms: number, nowMs: number): string {
  const year = new Date(ms).getFullYear();
  return `${day(ms)}${year === new Date(nowMs).getFullYear() ? "" : ` ${year}`}`;
}

/** `25 Oct 00:00–07:00`; over midnight both days, and seconds where it is short. */
export function stretch(fromMs: number, toMs: number, nowMs = Date.now()): string {
  const withSeconds = toMs - fromMs < SHORT_STRETCH_MS;
  const end = (ms: number) => clock(ms, withSeconds);
  if (dayOfYear(fromMs, nowMs) === dayOfYear(toMs, nowMs))
    return `${dayOfYear(fromMs, nowMs)} ${end(fromMs)}–${end(toMs)}`;
  return `${dayOfYear(fromMs, nowMs)} ${end(fromMs)} – ${dayOfYear(toMs, nowMs)} ${end(toMs)}`;
}

const SHORT_STRETCH_MS = 10 * 60_000;

/**
 * Returns foreign text with its invisible characters written out: control characters, and those that change the writing
 * direction, with which a text can look like another one.
 */
export function visible(text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10) result += "⏎";
    else result += isHidden(code) ? `\\u${code.toString(16).padStart(4, "0")}` : text[at];
  }
  return result;
}

/** First and last code of each range of characters that are invisible or change the writing direction. */
const HIDDEN = [0, 0x1f, 0x7f, 0x9f, 0x61c, 0x61c, 0x200b, 0x200f, 0x2028, 0x202e, 0x2060, 0x2069, 0xfeff, 0xfeff];

function isHidden(code: number): boolean {
  for (let at = 0; at < HIDDEN.length; at += 2) if (code >= HIDDEN[at]! && code <= HIDDEN[at + 1]!) return true;
  return false;
}
