import type { LogEntry, LogFields } from "../../base/mod.ts";
import { fittingSize } from "../../limits/mod.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line of the log as the page shows it. */
export interface LogLine {
  /** ms since 1970. */
  readonly t: number;
  readonly level: LogLevel;
  readonly part: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Longer texts are cut: peers can influence some of them, and a thousand lines are kept in memory. */
const MAX_TEXT = 2000;

/** Keeps the last lines of the log. */
export class LogRing {
  /** Lines so far: the number of the next one. */
  count = 0;
  readonly #lines: (LogLine | undefined)[];

  /** @param length lines that are kept @default {1000} */
  constructor(length = 1000) {
    this.#lines = new Array(length).fill(undefined);
  }

  add({ level, part, message, fields }: LogEntry, t: number): void {
    const kept = Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? cut(value) : value]);
    const line = { t, level, part, message: cut(message), fields: Object.fromEntries(kept) };
    this.#lines[this.count % this.#lines.length] = line;
    this.count += 1;
  }

  /** Returns the lines from a number on that are still kept, the oldest first. */
  since(number: number): LogLine[] {
    const lines: LogLine[] = [];
    for (let at = Math.max(0, number, this.count - this.#lines.length); at < this.count; at++) {
      lines.push(this.#lines[at % this.#lines.length]!);
    }
    return lines;
  }

  /** Returns the number of the first line at or after a time. */
  numberAt(t: number): number {
    const behind = this.since(0).filter((line) => line.t >= t).length;
    return this.count - behind;
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** The log of this process; `tenk up` fills it. */
export const processLog = new LogRing(fittingSize(1000, 100));
