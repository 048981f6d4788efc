import { expect, test } from "bun:test";
import { LAG_BUCKETS_SECONDS, openVitals } from "../../src/net/mod.ts";
import { until } from "./support.ts";

test("an event loop's lag, heap and collections are seen", async () => {
  const lags: number[] = [];
  const vitals = openVitals((lagMs) => lags.push(lagMs));
  await until(() => lags.length > 0);
  const stuckUntil = performance.now() + 250;
  while (performance.now() < stuckUntil);
  const seen = lags.length;
  await until(() => lags.length > seen);
  const junk: unknown[] = [];
  await until(() => {
    junk.length = 0;
    for (let index = 0; index < 20_000; index++) junk.push(new Array(50).fill(index));
    return vitals.read().collections > 0;
  });
  const { heapUsedBytes, heapTotalBytes, externalBytes, lagCounts, lagSumSeconds } = vitals.read();
  expect(heapUsedBytes).toBeGreaterThan(100_000);
  // The engine adds to it later than to what is used: they cannot be compared.
  expect(heapTotalBytes).toBeGreaterThan(100_000);
  expect(externalBytes).toBeGreaterThanOrEqual(0);
  expect(lagCounts).toHaveLength(LAG_BUCKETS_SECONDS.length + 1);
  expect(lagCounts).toEqual([...lagCounts].sort((a, b) => a - b));
  // The stall was at least 150 ms late for a timer of 100 ms.
  const within100Ms = lagCounts[LAG_BUCKETS_SECONDS.indexOf(0.1)] as number;
  expect(lagCounts.at(-1)).toBeGreaterThan(within100Ms);
  expect(lagSumSeconds).toBeGreaterThan(0.14);
  vitals.stop();
});
