import type { LogEntry, LogFields } from "../../base/mod.ts";

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

/** What is longer is cut: peers have a say in some of it, and a thousand lines are kept. */
const MAX_TEXT = 2000;

/** The last lines of the log. */
export class LogRing {
  /** How many there were in all: the number of the next line. */
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

  /** Those from a number on that are still there, the oldest first. */
  since(number: number): LogLine[] {
    const lines: LogLine[] = [];
    for (let at = Math.max(0, number, this.count - this.#lines.length); at < this.count; at++) {
      lines.push(this.#lines[at % this.#lines.length]!);
    }
    return lines;
  }

  /** The number of the first line at or after a moment. */
  numberAt(t: number): number {
    const behind = this.since(0).filter((line) => line.t >= t).length;
    return this.count - behind;
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** What this process logs, where its program says so: see `tenk up`. */
export const processLog = new LogRing();
