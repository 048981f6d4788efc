import type { LogRecord } from "@logtape/logtape";
import { entryOf, type LogEntry } from "../base/mod.ts";
import { withPriority } from "../systemd/mod.ts";
import type { Paints } from "./terminal.ts";

export const LOG_FORMATS = ["pretty", "logfmt", "json"] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LineOptions {
  readonly paints: Paints;
  /** @default {"pretty"} */
  readonly format?: LogFormat;
  /** The journal has a time and a level for each line by itself. @default {false} */
  readonly isJournal?: boolean;
}

/**
 * Formats a log event, in one line unless its message has several.
 *
 * ```text
 *   pretty   12:34:56.789 INFO  net listening name=packets port=9091                 local time
 *   logfmt   time=2026-12-01T12:34:56.789Z level=info part=net msg=listening name=packets port=9091
 *   json     {"time":"2026-12-01T12:34:56.789Z","level":"info","part":"net","msg":"listening","name":"packets","port":9091}
 * ```
 */
export function logLine(record: LogRecord, { paints, format = "pretty", isJournal = false }: LineOptions): string {
  const entry = entryOf(record);
  const timestampMs = isJournal ? undefined : record.timestamp;
  const line = format === "pretty" ? pretty(entry, timestampMs, paints) : plain(entry, timestampMs, format);
  return isJournal ? withPriority(line, entry.level) : line;
}

function pretty({ part, level, message, fields }: LogEntry, timestampMs: number | undefined, paints: Paints): string {
  const { dim, red, yellow, cyan } = paints;
  const paint = { error: red, warn: yellow, info: cyan, debug: dim }[level];
  const words = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${dim(`${name}=`)}${valueText(value)}`);
  const time = timestampMs === undefined ? [] : [dim(clock(timestampMs))];
  return [...time, paint(level.toUpperCase().padEnd(5)), dim(part), message, ...words].join(" ");
}

/** The fields of every line. An event's own field of the same name gets a line below behind its name. */
const OWN: ReadonlySet<string> = new Set(["time", "level", "part", "msg"]);

function plain(
  { part, level, message, fields }: LogEntry,
  timestampMs: number | undefined,
  format: "json" | "logfmt",
): string {
  const time = timestampMs === undefined ? {} : { time: new Date(timestampMs).toISOString() };
  const own = Object.entries(fields).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]);
  const all = { ...time, level, part, msg: message, ...Object.fromEntries(own) };
  if (format === "json") return JSON.stringify(all);
  return Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(" ");
}

/** Quotes values that could end the line or look like another field: peers can influence some of them. */
function valueText(value: unknown): string {
  const text = String(value);
  return /^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

function clock(timestampMs: number): string {
  const date = new Date(timestampMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
