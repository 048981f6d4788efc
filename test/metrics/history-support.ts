import { expect } from "bun:test";
import { History, type HistoryDisk } from "../../src/metrics/mod.ts";

export const START_MS = Date.UTC(2026, 7, 1);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** A history whose clocks stand in one place, with one gauge `open`. */
export function running(disk?: HistoryDisk, startMs = START_MS) {
  const history = new History(disk === undefined ? {} : { disk });
  const clock = { nowMs: startMs, elapsedMs: 0 };
  const second = (value: number | undefined) => {
    history.sample(clock.nowMs, clock.elapsedMs, (take) => {
      if (value !== undefined) take("open", "gauge", value);
    });
    clock.nowMs += 1000;
    clock.elapsedMs += 1000;
  };
  const chart = async (fromMs: number, toMs: number, stepMs = 1000) => {
    const answer = await history.series({ name: "open", fromMs, toMs, stepMs });
    expect(answer.series.length).toBeLessThanOrEqual(1);
    const { min = [], mean = [], max = [] } = answer.series[0] ?? {};
    return { stepMs: answer.stepMs, t: answer.t, min, mean, max };
  };
  return { history, clock, second, chart };
}

/** A disk that keeps blocks in memory, or rejects them. */
export function fakeDisk() {
  const written: number[][] = [];
  const disk = {
    levels: [{ stepMs: 10_000, keepMs: 24 * HOUR_MS }],
    works: true,
    written,
    insisted: 0,
    async write(blocks: Parameters<HistoryDisk["write"]>[0], insist: boolean) {
      if (insist) disk.insisted += 1;
      if (disk.works) written.push(blocks.map(({ startMs }) => startMs));
      return disk.works;
    },
    read: async () => [],
    names: async () => [],
  };
  return disk satisfies HistoryDisk;
}
