import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { TimeGrid } from "../../src/base/mod.ts";
import { HistoryFile } from "../../src/store/history-file.ts";
import { ROW_SERIES } from "../../src/store/levels.ts";
import type { HistoryBlock, HistoryQuery } from "../../src/store/types.ts";
import { Simulation } from "./simulate.ts";
import { blockAt, blocksOf, CONNECTIONS, DAY_MS, HOUR_MS, MINUTE_MS, newFolder, query, START_MS } from "./support.ts";

function newFile(): HistoryFile {
  return new HistoryFile(join(newFolder(), "history.sqlite"), false);
}

/** Values of the only matching series, as a chart gets them. */
function chart(file: HistoryFile, asked: HistoryQuery) {
  const [only, ...others] = file.read(asked);
  expect(others).toEqual([]);
  const grid = new TimeGrid(asked.fromMs, asked.stepMs, asked.length);
  if (only) grid.addGrid(only.grid);
  return grid.finish();
}

/** Writes as a box does: five minutes at a time. */
function live(file: HistoryFile, fromMs: number, toMs: number, value: (atMs: number) => number): void {
  for (const block of blocksOf(fromMs, toMs, value)) file.write([block]);
}

describe("the history on disk", () => {
  test("returns what was written, with gaps where nothing was written", () => {
    const file = newFile();
    file.write([blockAt(START_MS, (atMs) => (atMs === START_MS + 10_000 ? Number.NaN : (atMs - START_MS) / 1000))]);
    expect(chart(file, query(START_MS - 10_000, 10_000, 5))).toEqual({
      t: [-10, 0, 10, 20, 30].map((second) => START_MS + second * 1000),
      min: [null, 0, null, 20, 30],
      mean: [null, 0, null, 20, 30],
      max: [null, 0, null, 20, 30],
    });
    expect(file.names()).toEqual([CONNECTIONS]);
    file.close();
  });

  test("survives reopening the file, and a partly written block is completed", () => {
    const path = join(newFolder(), "history.sqlite");
    const half = START_MS + 150_000;
    const first = new HistoryFile(path);
    first.write([blockAt(START_MS, (atMs) => (atMs < half ? 1 : Number.NaN))]);
    first.close();
    const second = new HistoryFile(path);
    second.write([blockAt(START_MS, (atMs) => (atMs < half ? Number.NaN : 2))]);
    expect(chart(second, query(START_MS, 150_000, 3)).mean).toEqual([1, 2, null]);
    second.close();
  });

  test("finds series by name and by any of their labels", () => {
    const file = newFile();
    for (const listener of ["a", "b"]) {
      for (const reason of ["idle", "reset"]) {
        file.write([blockAt(START_MS, () => 1, { name: "closed", labels: { listener, reason }, type: "counter" })]);
      }
    }
    file.write([blockAt(START_MS, () => 1)]);
    const found = (labels: Record<string, string>) =>
      file.read(query(START_MS, 10_000, 1, { name: "closed", labels })).length;
    expect([
      found({}),
      found({ listener: "a" }),
      found({ reason: "idle", listener: "a" }),
      found({ listener: "c" }),
    ]).toEqual([4, 2, 1, 0]);
    file.close();
  });

  test("keeps a spike of ten seconds at every resolution, and the mean around it", () => {
    const file = newFile();
    const spikeMs = START_MS + 5 * HOUR_MS + 20_000;
    live(file, START_MS, START_MS + 26 * HOUR_MS, (atMs) => (atMs === spikeMs ? 1000 : 10));
    for (const [stepMs, mean] of [
      [10_000, 1000],
      [MINUTE_MS, (1000 + 50) / 6],
      [15 * MINUTE_MS, (1000 + 890) / 90],
      [DAY_MS, (1000 + 86_390) / 8640],
    ] as const) {
      const fromMs = Math.floor(spikeMs / stepMs) * stepMs;
      const bucket = chart(file, query(fromMs, stepMs, 1));
      expect(bucket.max).toEqual([1000]);
      expect(bucket.min).toEqual([stepMs === 10_000 ? 1000 : 10]);
      expect(bucket.mean[0]).toBeCloseTo(mean, 2);
    }
    file.close();
  });

  test("returns the same before and after blocks are rolled up", () => {
    const file = newFile();
    const value = (atMs: number) => Math.round(100 + 50 * Math.sin(atMs / 1e6));
    const asked = query(START_MS, 15 * MINUTE_MS, 96);
    live(file, START_MS, START_MS + DAY_MS - HOUR_MS / 2, value);
    const before = chart(file, asked);
    live(file, START_MS + DAY_MS - HOUR_MS / 2, START_MS + DAY_MS + HOUR_MS / 4, value);
    const after = chart(file, asked);
    for (let at = 0; at < 94; at++) {
      expect([after.min[at], after.max[at]]).toEqual([before.min[at]!, before.max[at]!]);
      expect(after.mean[at]!).toBeCloseTo(before.mean[at]!, 1);
    }
    expect(before.mean.slice(94)).toEqual([null, null]);
    expect(after.mean[95]).not.toBeNull();
    file.close();
  });

  test.each([10, 20, 60, 70])("returns a long range up to now, %d minutes after midnight", (minutes) => {
    const file = newFile();
    const nowMs = START_MS + DAY_MS + minutes * MINUTE_MS;
    live(file, START_MS, nowMs, () => 1);
    const { mean } = chart(file, query(nowMs - 60 * MINUTE_MS, 10 * MINUTE_MS, 6));
    const long = chart(file, query(START_MS, 15 * MINUTE_MS, 96 + Math.ceil(minutes / 15)));
    expect([mean, long.mean]).toEqual([Array(6).fill(1), Array(96 + Math.ceil(minutes / 15)).fill(1)]);
    file.close();
  });

  test("returns a day correctly after the clock left it and came back", () => {
    const file = newFile();
    const halfMs = START_MS + DAY_MS / 2;
    live(file, START_MS, halfMs, () => 1);
    live(file, 0, HOUR_MS, () => 5);
    live(file, halfMs, halfMs + HOUR_MS / 2, () => 2);
    const { mean } = chart(file, query(START_MS, 15 * MINUTE_MS, 52));
    expect(mean).toEqual([...Array(48).fill(1), 2, 2, null, null]);
    file.close();
  });

  test("has the points written last, whatever the clock did", () => {
    const spans = fc.array(
      fc.record({
        jump: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: -120, max: 120 })),
        first: fc.nat(29),
        last: fc.nat(29),
        value: fc.nat(1000),
      }),
      { minLength: 20, maxLength: 60 },
    );
    const hours = 20;
    fc.assert(
      fc.property(spans, (written) => {
        const file = newFile();
        const points = new Map<number, number>();
        let block = 6;
        for (const { jump, first, last, value } of written) {
          block = Math.min(hours * 12 - 1, Math.max(0, block + jump));
          const one = blockAt(START_MS + block * 5 * MINUTE_MS, () => Number.NaN);
          for (let point = first; point <= last; point++) {
            one.points.fill(value, point * 3, point * 3 + 3);
            points.set(one.startMs + point * 10_000, value);
          }
          file.write([one]);
        }
        for (const stepMs of [10_000, MINUTE_MS, 15 * MINUTE_MS]) {
          const wanted = new TimeGrid(START_MS, stepMs, (hours * HOUR_MS) / stepMs);
          for (const [atMs, value] of points) wanted.add(atMs, 10_000, value, value, value);
          const { min, max } = chart(file, query(START_MS, stepMs, (hours * HOUR_MS) / stepMs));
          expect({ min, max }).toEqual({ min: wanted.finish().min, max: wanted.finish().max });
        }
        file.close();
      }),
      { numRuns: 15 },
    );
  });

  test("deletes each resolution when it expires, not earlier", () => {
    const file = newFile();
    const days = 95;
    for (let day = 0; day < days; day++) {
      for (let hour = 0; hour < 24; hour++) {
        const startMs = START_MS + day * DAY_MS + hour * HOUR_MS;
        file.write(blocksOf(startMs, startMs + HOUR_MS, () => 1));
      }
    }
    const nowMs = START_MS + days * DAY_MS;
    const known = (agoMs: number, stepMs: number) => chart(file, query(nowMs - agoMs, stepMs, 1)).mean[0] !== null;
    expect([known(DAY_MS, 10_000), known(DAY_MS + 3 * HOUR_MS, 10_000)]).toEqual([true, false]);
    expect([known(7 * DAY_MS, MINUTE_MS), known(7 * DAY_MS + 3 * HOUR_MS, MINUTE_MS)]).toEqual([true, false]);
    expect([known(90 * DAY_MS, 15 * MINUTE_MS), known(92 * DAY_MS, 15 * MINUTE_MS)]).toEqual([true, false]);
    file.close();
  });

  test("keeps a new series after the clock was set back over midnight", () => {
    const path = join(newFolder(), "history.sqlite");
    const fresh = { ...CONNECTIONS, labels: { listener: "new" } };
    let file = new HistoryFile(path, false);
    file.write([blockAt(START_MS, () => 1)]);
    for (const minute of [0, 5, 10]) {
      file.write([blockAt(START_MS - HOUR_MS + minute * MINUTE_MS, () => 2, fresh)]);
      file.close();
      file = new HistoryFile(path, false);
    }
    const asked = query(START_MS - HOUR_MS, 5 * MINUTE_MS, 4, { labels: fresh.labels });
    expect(chart(file, asked).mean).toEqual([2, 2, 2, null]);
    file.close();
  });

  test("deletes the names of series without any points left", () => {
    const file = newFile();
    file.write([blockAt(START_MS, () => 1, { ...CONNECTIONS, name: "gone" })]);
    for (let day = 0; day < 94; day++) file.write([blockAt(START_MS + day * DAY_MS, () => 1)]);
    expect(file.names()).toEqual([CONNECTIONS]);
    file.close();
  });

  test("keeps and rolls up more series than fit into a row, including those added to a block later", () => {
    const file = newFile();
    const names = Array.from({ length: ROW_SERIES * 2 + 10 }, (_, at) => ({
      ...CONNECTIONS,
      labels: { at: String(at) },
    }));
    const blockOfSome = (startMs: number, isWanted: (at: number) => boolean): HistoryBlock => {
      const blocks = names.flatMap((name, at) => (isWanted(at) ? [blockAt(startMs, () => at + 1, name)] : []));
      const points = Float32Array.from(blocks.flatMap((block) => [...block.points]));
      return { startMs, series: blocks.flatMap(({ series }) => series), points };
    };
    file.write([blockOfSome(START_MS, (at) => at % 3 === 0)]);
    file.write([blockOfSome(START_MS, (at) => at % 3 !== 0)]);
    file.write([blockAt(START_MS + 2 * HOUR_MS, () => 1, names[0])]);
    for (const stepMs of [10_000, MINUTE_MS]) {
      const read = file.read(query(START_MS, stepMs, 5));
      expect(read.length).toBe(names.length);
      for (const { labels, grid } of read) {
        expect([...grid.min.slice(0, 5), ...grid.max.slice(0, 5)]).toEqual(Array(10).fill(Number(labels.at) + 1));
      }
    }
    expect(file.read(query(START_MS, 10_000, 5, { labels: { at: "700" } }))[0]?.grid.max[4]).toBe(701);
    file.close();
  });

  test("returns free pages to the disk", () => {
    const folder = newFolder();
    const file = new HistoryFile(join(folder, "history.sqlite"), false);
    const many = new Simulation(1000, "noise");
    for (let block = 0; block < 60; block++) file.write([many.block(START_MS + block * 300_000)]);
    const before = statSync(join(folder, "history.sqlite")).size;
    live(file, START_MS + 5 * HOUR_MS, START_MS + 40 * HOUR_MS, () => 1);
    file.close();
    expect(before).toBeGreaterThan(8e6);
    expect(statSync(join(folder, "history.sqlite")).size).toBeLessThan(before * 0.6);
  });

  test("loses little to a clock that is decades ahead for a while, and rolls up the earlier blocks", () => {
    const file = newFile();
    live(file, START_MS, START_MS + 10.5 * DAY_MS, () => 1);
    const wrongMs = START_MS + 20_000 * DAY_MS;
    live(file, wrongMs, wrongMs + 45 * MINUTE_MS, () => 7);
    live(file, START_MS + 10.5 * DAY_MS, START_MS + 11.5 * DAY_MS, () => 1);
    const ones = (fromMs: number, stepMs: number, length: number) =>
      chart(file, query(fromMs, stepMs, length)).mean.filter((value) => value === 1).length;
    expect(ones(START_MS, 15 * MINUTE_MS, 11 * 96)).toBeGreaterThanOrEqual((11 - 2) * 96);
    expect(ones(START_MS + 10 * DAY_MS, MINUTE_MS, 36 * 60)).toBe(36 * 60);
    file.close();
  });

  test("does not read points that the caller has in memory", () => {
    const file = newFile();
    file.write([blockAt(START_MS, () => 1)]);
    expect(chart(file, query(START_MS, 10_000, 4, { untilMs: START_MS + 20_000 })).mean).toEqual([1, 1, null, null]);
    file.close();
  });

  test("fills each second from its ten-second point", () => {
    const file = newFile();
    file.write([blockAt(START_MS, (atMs) => (atMs - START_MS) / 10_000)]);
    expect(chart(file, query(START_MS + 8000, 1000, 4)).mean).toEqual([0, 0, 1, 1]);
    file.close();
  });

  test("is unchanged after a failed write", () => {
    const file = newFile();
    file.write([blockAt(START_MS, () => 1)]);
    const broken = {
      ...blockAt(START_MS + 300_000, () => 2),
      series: [{ ...CONNECTIONS, name: "new" }, null as never],
    };
    expect(() => file.write([broken])).toThrow();
    expect(file.names()).toEqual([CONNECTIONS]);
    expect(chart(file, query(START_MS, 300_000, 2)).mean).toEqual([1, null]);
    file.close();
  });
});
