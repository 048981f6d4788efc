import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log, LogFields } from "../../src/base/mod.ts";
import { FINEST } from "../../src/store/levels.ts";
import type { HistoryBlock, HistoryQuery, SeriesName } from "../../src/store/types.ts";

/** A folder of its own, removed when the file's tests are over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-store-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Some midnight. */
export const START_MS = Date.UTC(2026, 7, 1);

export const CONNECTIONS: SeriesName = { name: "connections", labels: { listener: "packets" }, type: "gauge" };

/** Five minutes of one series whose ten-second points have the `value` of their time. */
export function blockAt(startMs: number, value: (atMs: number) => number, series = CONNECTIONS): HistoryBlock {
  const points = new Float32Array(FINEST.points * 3);
  for (let point = 0; point < FINEST.points; point++)
    points.fill(value(startMs + point * 10_000), point * 3, point * 3 + 3);
  return { startMs, series: [series], points };
}

/** All blocks of a span. */
export function blocksOf(fromMs: number, toMs: number, value: (atMs: number) => number): HistoryBlock[] {
  const blocks = [];
  for (let atMs = fromMs; atMs < toMs; atMs += FINEST.blockMs) blocks.push(blockAt(atMs, value));
  return blocks;
}

export function query(fromMs: number, stepMs: number, length: number, more: Partial<HistoryQuery> = {}): HistoryQuery {
  return { name: "connections", labels: {}, fromMs, stepMs, length, untilMs: Number.MAX_SAFE_INTEGER, ...more };
}

/** A log that keeps its lines, such as `warn history not written`. */
export function keptLog() {
  const lines: string[] = [];
  const fields: LogFields[] = [];
  const keep = (level: string) => (message: string, more?: LogFields) => {
    lines.push(`${level} ${message}`);
    fields.push(more ?? {});
  };
  const log: Log = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  return { log, lines, fields };
}
