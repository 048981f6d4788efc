import { configure, type LogRecord } from "@logtape/logtape";
import { processLog } from "../app/mod.ts";
import { entryOf } from "../base/mod.ts";
import { type Paints, paintsFor, stderr, type Terminal } from "./terminal.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

const LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;

/** Sends every log event to standard error, one line each, and to the page. Calling it again changes the level. */
export async function startLogging(level: LogLevel, terminal: Terminal = stderr): Promise<void> {
  const paints = paintsFor(terminal.screen);
  await configure({
    reset: true,
    sinks: {
      terminal: (record) => terminal.line(logLine(record, paints)),
      page: (record) => processLog.add(entryOf(record), record.timestamp),
    },
    loggers: [
      { category: "tenk", lowestLevel: LEVELS[level], sinks: ["terminal", "page"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
    ],
  });
}

/** Formats `12:34:56.789 INFO net listening name=packets port=9091`, in local time. */
export function logLine(record: LogRecord, paints: Paints): string {
  const { dim, red, yellow, cyan } = paints;
  const level = record.level === "warning" ? "warn" : record.level;
  const paint = { error: red, fatal: red, warn: yellow, info: cyan }[level as string] ?? dim;
  const part = record.category[1] ?? record.category[0] ?? "";
  const message = typeof record.rawMessage === "string" ? record.rawMessage : record.message.join("");
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${dim(`${name}=`)}${fieldText(value)}`);
  return [dim(clock(record.timestamp)), paint(level.toUpperCase().padEnd(5)), dim(part), message, ...fields].join(" ");
}

/** Quotes values that could end the line or look like another field: peers can influence some of them. */
function fieldText(value: unknown): string {
  const text = String(value);
  return /^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

function clock(timestampMs: number): string {
  const date = new Date(timestampMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
