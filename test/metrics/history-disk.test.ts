import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryDisk } from "../../src/metrics/mod.ts";
import { Store } from "../../src/store/mod.ts";
import { fakeDisk, HOUR_MS, MINUTE_MS, running, START_MS } from "./history-support.ts";

describe("the disk", () => {
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  test("gets each finished block, and the rest at the end", async () => {
    const disk = fakeDisk();
    const { history, second } = running(disk, START_MS + 100_000);
    for (let at = 0; at < 700; at++) {
      second(at);
      if (at % 100 === 0) await settled();
    }
    expect(disk.written).toEqual([[START_MS], [START_MS + 300_000]]);
    await history.flush();
    expect(disk.written.at(-1)).toEqual([START_MS + 600_000]);
    expect(disk.insisted).toBe(1);
  });

  test("gets blocks that it did not write again, for two hours", async () => {
    const disk = fakeDisk();
    disk.works = false;
    const { second, chart } = running(disk);
    for (let at = 0; at < 3 * 3600; at++) {
      second(at);
      if (at % 300 === 0) await settled();
    }
    expect(disk.written).toEqual([]);
    const { t, max } = await chart(START_MS + HOUR_MS, START_MS + 3 * HOUR_MS, HOUR_MS);
    expect([t.length, max]).toEqual([2, [7199, 10_799]]);
    disk.works = true;
    for (let at = 0; at < 301; at++) second(at);
    await settled();
    expect(disk.written).toHaveLength(1);
    expect(disk.written[0]).toHaveLength(24);
    expect(disk.written[0]!.at(-1)).toBe(START_MS + 3 * HOUR_MS - 5 * MINUTE_MS);
  });
});

describe("memory and disk together", () => {
  async function inFolder(use: (folder: string) => Promise<void>) {
    const folder = mkdtempSync(join(tmpdir(), "tenk-history-"));
    try {
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test("are read as one, even after a restart within a block", async () => {
    await inFolder(async (folder) => {
      for (const life of [0, 1]) {
        const store = new Store({ folder });
        const { history, clock, second, chart } = running(store, START_MS + life * 2_000_000);
        for (let at = 0; at < 2000; at++) second(life * 2000 + at);
        const all = await chart(START_MS, clock.nowMs, 50_000);
        expect(all.max).toEqual(Array.from({ length: 40 * (life + 1) }, (_, at) => at * 50 + 49));
        expect(all.min).toEqual(Array.from({ length: 40 * (life + 1) }, (_, at) => at * 50));
        await history.flush();
        expect((await chart(START_MS, clock.nowMs, 50_000)).mean).toEqual(all.mean);
        expect((await history.names()).map(({ key }) => key)).toEqual(["open"]);
        await store.stop();
      }
    });
  });

  test("show the ten-second points from before a restart in a chart of seconds", async () => {
    await inFolder(async (folder) => {
      const before = new Store({ folder });
      const first = running(before);
      for (let at = 0; at < 60; at++) first.second(1);
      await first.history.flush();
      await before.stop();
      const store = new Store({ folder });
      const { second, chart } = running(store, START_MS + 70_000);
      for (let at = 0; at < 10; at++) second(2);
      const { mean, stepMs } = await chart(START_MS + 50_000, START_MS + 80_000);
      expect(stepMs).toBe(1000);
      expect(mean).toEqual([...Array(10).fill(1), ...Array(10).fill(null), ...Array(10).fill(2)]);
      await store.stop();
    });
  });

  test("lose nothing while the folder is not writable", async () => {
    await inFolder(async (parent) => {
      const folder = join(parent, "blocked");
      writeFileSync(folder, "");
      const store = new Store({ folder, retryMs: 1 });
      const { history, clock, second, chart } = running(store);
      for (let at = 0; at < 1000; at++) second(at);
      expect((await chart(START_MS, clock.nowMs, 50_000)).max[0]).toBe(49);
      rmSync(folder);
      await history.flush();
      expect(
        (
          await store.read({
            name: "open",
            labels: {},
            fromMs: START_MS,
            stepMs: 10_000,
            length: 1,
            untilMs: clock.nowMs,
          })
        )[0]!.grid.max[0],
      ).toBe(9);
      await store.stop();
    });
  });

  test.each([
    ["a minute", 60, 60],
    ["ten minutes of blocks that no disk takes", 600, 600],
  ])(
    "show what was before a machine without a clock was started in 1970, after %s there",
    async (_, seconds, after) => {
      await inFolder(async (folder) => {
        const before = new Store({ folder });
        const first = running(before);
        for (let at = 0; at < 1200; at++) first.second(1);
        await first.history.flush();
        await before.stop();
        const store = new Store({ folder });
        const isTaken = seconds < 300;
        const disk: HistoryDisk = {
          levels: store.levels,
          write: (...words) => (isTaken ? store.write(...words) : Promise.resolve(false)),
          read: (query) => store.read(query),
          names: () => store.names(),
        };
        const { clock, second, chart } = running(disk, 60_000);
        for (let at = 0; at < seconds; at++) second(5);
        clock.nowMs = START_MS + 1_260_000;
        for (let at = 0; at < after; at++) second(2);
        for (const [minutes, stepMs] of [
          [15, 1000],
          [15, 10_000],
          [30, 60_000],
        ] as const) {
          const toMs = START_MS + 1_260_000 + after * 1000;
          const { t, mean, max } = await chart(toMs - minutes * MINUTE_MS, toMs, stepMs);
          const expected = t.map((atMs) =>
            atMs < START_MS ? null : atMs < START_MS + 1_200_000 ? 1 : atMs < START_MS + 1_260_000 ? null : 2,
          );
          expect(mean).toEqual(expected);
          expect(max).toEqual(expected);
        }
        await store.stop();
      });
    },
  );

  test.each([2, 30, 400, 900, 2000])("show the time before the clock was set back by %d s", async (seconds) => {
    await inFolder(async (folder) => {
      const store = new Store({ folder });
      const { history, clock, second, chart } = running(store);
      for (let at = 0; at < 3000; at++) second(1);
      await history.flush();
      clock.nowMs -= seconds * 1000;
      for (let at = 0; at < 20; at++) second(2);
      const { t, mean, max } = await chart(clock.nowMs - 900_000, clock.nowMs);
      const expected = t.map((atMs) => (atMs >= clock.nowMs - 20_000 ? 2 : 1));
      expect([mean, max]).toEqual([expected, expected]);
      await store.stop();
    });
  });
});
