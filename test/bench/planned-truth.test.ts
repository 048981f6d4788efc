import { describe, expect, test } from "bun:test";
import { percentilesOf, plannedWaitsUs, servedUs, serviceUs, slowWaitsUs } from "../../bench/planned-truth.ts";

describe("the truth of planned requests", () => {
  const LOAD = { perSecond: 1000, seconds: 1 };

  test("who would ask while the server stalls waits for its end, and behind those who asked before", () => {
    const waits = plannedWaitsUs(LOAD, [[100_000, 200_000]], 10, 5);
    expect(waits).toHaveLength(1000);
    expect([waits[99], waits[100], waits[101], waits[199]]).toEqual([5, 100_005, 99_015, 1995]);
    // The rest of what waits is served in a millisecond.
    expect([waits[200], waits[201]]).toEqual([1005, 15]);
    expect([waits[202], waits[999]]).toEqual([5, 5]);
  });

  test("a stall of a tenth of the time is the p99 of all, nearly at its length", () => {
    const { p50Us, p99Us, p999Us } = percentilesOf(plannedWaitsUs(LOAD, [[100_000, 200_000]], 0, 0));
    expect([p50Us, p99Us, p999Us]).toEqual([0, 90_000, 99_000]);
  });

  test("of single slow answers nobody else waits", () => {
    const { p50Us, p99Us, p999Us } = percentilesOf(slowWaitsUs(LOAD, 200, 500_000, 40));
    expect([p50Us, p99Us, p999Us]).toEqual([40, 40, 500_040]);
  });

  test("what an answer takes is read from the server's log", () => {
    const log = {
      stallsUs: [[1000, 2000]] as const,
      timesUs: Float64Array.of(0, 50, 1100, 2010, 1200, 2020, 1300, 2030),
    };
    expect([...servedUs(log)]).toEqual([50, 910, 820, 730]);
    expect(serviceUs(log, 3)).toBe(10);
  });
});
