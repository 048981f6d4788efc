import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { openProcessReader, recentLag } from "../../src/metrics/mod.ts";
import { measureLoopLag } from "../../src/net/loop-lag.ts";
import { until } from "../net/support.ts";

describe("the process reader", () => {
  test("reads memory, processor time, descriptors and start time of this process", () => {
    const reader = openProcessReader();
    const sample = reader.read();
    reader.close();
    expect(sample.cpuUserSeconds).toBeGreaterThan(0);
    expect(sample.cpuSystemSeconds).toBeGreaterThanOrEqual(0);
    expect(sample.residentBytes).toBeGreaterThan(1_000_000);
    expect(sample.anonymousBytes).toBeGreaterThan(100_000);
    expect(sample.virtualBytes).toBeGreaterThan(sample.residentBytes!);
    expect(sample.openDescriptors).toBeGreaterThan(3);
    expect(sample.maxDescriptors).toBeGreaterThanOrEqual(sample.openDescriptors!);
    expect(Math.abs(sample.startSeconds - Date.now() / 1000)).toBeLessThan(3600);
  });

  test("reports its start by the clock as it is now", () => {
    const clock = { now: 60_000, elapsed: 5_000 };
    const reader = openProcessReader({ now: () => clock.now, elapsed: () => clock.elapsed });
    const pass = (elapsedMs: number, setByMs = 0) => {
      clock.elapsed += elapsedMs;
      clock.now += elapsedMs + setByMs;
      return (reader.read().startSeconds * 1000 - performance.timeOrigin).toFixed(1);
    };
    expect(pass(1000)).toBe("0.0");
    // Small corrections of the clock do not change the start each time.
    expect([pass(60_000, 400), pass(60_000, -30)]).toEqual(["0.0", "0.0"]);
    expect(pass(1000, Date.UTC(2026, 7, 1))).toBe((Date.UTC(2026, 7, 1) + 370).toFixed(1));
    expect([pass(8 * 3_600_000), pass(1000, -3_600_370)]).toEqual([
      (Date.UTC(2026, 7, 1) + 370).toFixed(1),
      (Date.UTC(2026, 7, 1) - 3_600_000).toFixed(1),
    ]);
    reader.close();
  });

  test("counts a descriptor that was opened", () => {
    const reader = openProcessReader();
    const before = reader.read().openDescriptors!;
    const opened = openSync("/dev/null", "r");
    expect(reader.read().openDescriptors).toBe(before + 1);
    closeSync(opened);
    expect(reader.read().openDescriptors).toBe(before);
    reader.close();
  });

  test("still reports memory, time and descriptors when no descriptor is left", () => {
    const program = `
      import { openSync } from "node:fs";
      import { openProcessReader } from ${JSON.stringify(new URL("../../src/metrics/mod.ts", import.meta.url).href)};
      const reader = openProcessReader();
      let exhausted = false;
      while (!exhausted) try { openSync("/dev/null", "r"); } catch { exhausted = true; }
      const sample = reader.read();
      process.stdout.write(JSON.stringify(sample));
    `;
    // The shell lowers the hard limit too: the runtime raises the soft one to it.
    const shell = spawnSync("sh", ["-c", 'ulimit -n 64 && exec "$0" -e "$1"', process.execPath, program]);
    const sample = JSON.parse(shell.stdout.toString() || shell.stderr.toString());
    expect(sample.maxDescriptors).toBe(64);
    expect(sample.openDescriptors).toBeGreaterThanOrEqual(60);
    expect(sample.residentBytes).toBeGreaterThan(1_000_000);
    expect(sample.cpuUserSeconds).toBeGreaterThan(0);
  });
});

describe("event loop lag", () => {
  test.each([
    [[], 0.99, 0],
    [[5], 0.5, 5],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.99, 4],
    [[9, 9, 9, 9, 1, 2, 3, 4], 1, 4], // the first four have left the window
    [[-3], 1, 0],
  ])("of %j the quantile %d is %d ms", (lags, fraction, expected) => {
    const lag = recentLag(4);
    for (const each of lags) lag.add(each);
    expect(lag.quantileMs(fraction)).toBe(expected);
  });

  test("is measured when the loop was blocked", async () => {
    const held = await new Promise<number>((resolve) => {
      const meter = measureLoopLag((lagMs) => {
        if (lagMs < 40) return;
        meter.stop();
        resolve(lagMs);
      }, 5);
      setTimeout(() => {
        const untilMs = performance.now() + 60;
        while (performance.now() < untilMs);
      }, 1);
    });
    expect(held).toBeGreaterThanOrEqual(40);
  });

  test("is no longer measured after its callback stops the meter", async () => {
    let told = 0;
    const meter = measureLoopLag(() => {
      told += 1;
      meter.stop();
    }, 1);
    let others = 0;
    const other = measureLoopLag(() => (others += 1), 1);
    await until(() => others > 10);
    other.stop();
    expect(told).toBe(1);
  });
});
