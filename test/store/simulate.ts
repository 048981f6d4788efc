/**
 * Runs an instance's history through simulated days, and prints the bytes written and the final size.
 *
 *     bun test/store/simulate.ts FOLDER DAYS SERIES [mixed|noise|probes] [BLOCKS_A_WRITE] [no-sync]
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { roundedSeconds } from "../../src/probe/monitoring/metrics.ts";
import { HistoryFile } from "../../src/store/history-file.ts";
import { FINEST } from "../../src/store/levels.ts";
import type { HistoryBlock, SeriesName } from "../../src/store/types.ts";

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 7, 1);

/** Beyond these, with `probes`, series are times to the answers of services that are probed every 30 s. */
const OTHERS = 300;

/** A third constants, a quarter slow gauges, the rest rates: noisy ones, and counts that are mostly zero. */
export class Simulation {
  readonly series: readonly SeriesName[];
  readonly #noise: boolean;
  readonly #probes: boolean;
  readonly #levels: number[];
  #seed = 12345;

  constructor(count: number, kind = "mixed") {
    this.#noise = kind === "noise";
    this.#probes = kind === "probes";
    this.series = Array.from({ length: count }, (_, at) => ({
      name: `series_${at % 40}_total`,
      labels: { listener: `l${Math.floor(at / 40)}`, reason: "some" },
      type: at % 3 === 0 ? "gauge" : "counter",
    }));
    this.#levels = this.series.map((_, at) => 10 ** (at % 9));
  }

  block(startMs: number): HistoryBlock {
    const points = new Float32Array(this.series.length * FINEST.points * 3);
    for (let series = 0; series < this.series.length; series++) {
      for (let point = 0; point < FINEST.points; point++) {
        const into = points.subarray((series * FINEST.points + point) * 3);
        if (this.#probes && series >= OTHERS) this.#latency(series, point, into);
        else this.#point(series, into);
      }
    }
    return { startMs, series: this.series, points };
  }

  #point(series: number, into: Float32Array): void {
    const kind = this.#noise ? 15 : series % 20;
    const size = 10 ** (series % 9);
    let [min, mean, max] = [size, size, size];
    if (kind >= 7 && kind < 12) {
      mean = this.#levels[series]! *= 1 + (this.#random() - 0.5) / 1000;
      [min, max] = [mean * (1 - this.#random() / 1e4), mean * (1 + this.#random() / 1e4)];
    } else if (kind >= 12 && kind < 17) {
      mean = size * (0.8 + 0.4 * this.#random());
      [min, max] = [mean * this.#random(), mean * (1 + this.#random())];
    } else if (kind >= 17) {
      max = this.#random() < 0.02 ? Math.ceil(10 * this.#random()) : 0;
      [min, mean] = [0, max / 10];
    }
    into[0] = min;
    into[1] = mean;
    into[2] = max;
  }

  /** A value that changes at every third point. */
  #latency(series: number, point: number, into: Float32Array): void {
    if ((point + series) % 3 === 0) this.#levels[series] = roundedSeconds(1 + 4 * this.#random());
    into.fill(this.#levels[series]!, 0, 3);
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

/** Bytes that this process wrote, by the system's count: to a disk, and passed to `write`. */
export function written(): { disk: number; calls: number } {
  const text = readFileSync("/proc/self/io", "utf8");
  const value = (field: string) => Number(new RegExp(`^${field}: (\\d+)`, "m").exec(text)?.[1]);
  return { disk: value("write_bytes"), calls: value("wchar") };
}

export function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

if (import.meta.main) {
  const [folder = "", days = "1", series = "300", kind = "mixed", together = "1", sync = ""] = process.argv.slice(2);
  const simulation = new Simulation(Number(series), kind);
  const file = new HistoryFile(join(folder, "history.sqlite"), sync !== "no-sync");
  const before = written();
  const startedMs = performance.now();
  let longestMs = 0;
  let blocks: HistoryBlock[] = [];
  const perDay = [before];
  for (let startMs = START_MS; startMs < START_MS + Number(days) * DAY_MS; startMs += FINEST.blockMs) {
    blocks.push(simulation.block(startMs));
    if (blocks.length < Number(together)) continue;
    const beginMs = performance.now();
    file.write(blocks);
    longestMs = Math.max(longestMs, performance.now() - beginMs);
    blocks = [];
    if ((startMs + FINEST.blockMs - START_MS) % DAY_MS === 0) perDay.push(written());
  }
  const openBytes = sizeOf(folder);
  file.close();
  const after = written();
  console.log(
    JSON.stringify({
      diskBytes: after.disk - before.disk,
      writeCallBytes: after.calls - before.calls,
      perDay: perDay.slice(1).map(({ disk, calls }, day) => ({
        diskBytes: disk - perDay[day]!.disk,
        writeCallBytes: calls - perDay[day]!.calls,
      })),
      openBytes,
      closedBytes: sizeOf(folder),
      longestWriteMs: Math.round(longestMs),
      seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    }),
  );
}
