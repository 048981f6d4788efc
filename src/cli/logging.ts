import { configure } from "@logtape/logtape";
import { processLog } from "../app/mod.ts";
import { entryOf } from "../base/mod.ts";
import { isJournal } from "../systemd/mod.ts";
import { type LogFormat, logLine } from "./log-format.ts";
import { paintsFor, stderr } from "./terminal.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

const LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;

/** Sends every log event to standard error and to the page. Calling it again changes level and format. */
export async function startLogging(level: LogLevel, format: LogFormat = "pretty"): Promise<void> {
  const options = { format, paints: paintsFor(stderr.screen), isJournal: isJournal(process.env) };
  await configure({
    reset: true,
    sinks: {
      terminal: (record) => stderr.line(logLine(record, options)),
      page: (record) => processLog.add(entryOf(record), record.timestamp),
    },
    loggers: [
      { category: "tenk", lowestLevel: LEVELS[level], sinks: ["terminal", "page"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
    ],
  });
}
