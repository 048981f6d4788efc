import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { emptyHistogram, recordUs } from "../../src/load/measure/latency.ts";
import { SecondLatencies } from "../../src/load/measure/second-latency.ts";
import type { LoadSnapshot } from "../../src/load/mod.ts";
import { runAgainst, target } from "./servers.ts";

describe("latencies of a second", () => {
  test("are those that the library has of what was recorded in between", () => {
    const seconds = fc.array(fc.array(fc.integer({ min: 1, max: 5_000_000 }), { maxLength: 60 }), { maxLength: 4 });
    fc.assert(
      fc.property(seconds, (all) => {
        const [growing, taken] = [emptyHistogram(), new SecondLatencies()];
        for (const values of all) {
          const own = emptyHistogram();
          for (const us of values) for (const each of [growing, own]) recordUs(each, us);
          const at = (percent: number) =>
            values.length === 0 ? 0 : Math.min(own.getValueAtPercentile(percent), growing.maxValue);
          expect(taken.take(growing)).toEqual({ p50: at(50), p99: at(99), max: at(100) });
        }
      }),
      { numRuns: 30 },
    );
  });

  test("begin anew with a histogram that has less", () => {
    const taken = new SecondLatencies();
    const [first, second] = [emptyHistogram(), emptyHistogram()];
    for (const us of [10, 20]) recordUs(first, us);
    recordUs(second, 7);
    taken.take(first);
    expect(taken.take(second)).toEqual({ p50: 7, p99: 7, max: 7 });
  });
});

test("a lower bound that is taken back is no value of the second", () => {
  const taken = new SecondLatencies();
  const bounded = emptyHistogram();
  for (const us of [100, 3_000_000, 5_000_000]) recordUs(bounded, us);
  taken.take(bounded);
  // The one of three seconds had its answer after all, and two more came.
  const settled = emptyHistogram();
  for (const us of [100, 5_000_000, 2000, 300, 300]) recordUs(settled, us);
  expect(taken.take(settled).max).toBe(2000);
});

describe("a snapshot", () => {
  const told = async (workers: number, isSink: boolean) => {
    const heldUntilMs = { at: Number.POSITIVE_INFINITY };
    await using server = await target((connection, bytes) => {
      if (isSink) return;
      const answer = new Uint8Array(bytes);
      // One stall, in the first second.
      heldUntilMs.at = Math.min(heldUntilMs.at, performance.now() + 400);
      const waitMs = heldUntilMs.at - performance.now();
      if (waitMs > 0) setTimeout(() => connection.write(answer), waitMs);
      else connection.write(answer);
    });
    const snapshots: LoadSnapshot[] = [];
    const replies = isSink ? {} : { replies: { kind: "length", bytes: 4 } as const };
    const plan = { connections: 2, ratePerConnection: 50, durationMs: 3500, workers, ...replies };
    await runAgainst(server, plan, { onSnapshot: (snapshot) => void snapshots.push(snapshot) });
    return snapshots.map(({ lastSecondUs, latencyUs }) => ({ ...lastSecondUs, ever: latencyUs.max }));
  };

  test.each([1, 2])("of %d event loops shows a stall in its own second, and no delay", async (workers) => {
    const seconds = await told(workers, false);
    const worst = Math.max(...seconds.map(({ max }) => max));
    expect(worst).toBeGreaterThan(250_000);
    // Later seconds are well again, though the run's highest stays what it was.
    expect(Math.min(...seconds.filter(({ max }) => max > 0).map(({ max }) => max))).toBeLessThan(worst / 2);
    expect(seconds.at(-1)!.ever).toBeGreaterThan(250_000);
    expect(seconds.at(-1)!.delayMax).toBe(0);
  });

  test.each([1, 2])("of %d event loops that send to a sink shows the delay", async (workers) => {
    const seconds = await told(workers, true);
    expect(seconds.some(({ delayP99, delayMax }) => delayP99 > 0 && delayMax >= delayP99)).toBe(true);
    expect(Math.max(...seconds.map(({ max }) => max))).toBe(0);
  });
});
