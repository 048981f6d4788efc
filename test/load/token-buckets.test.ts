import { expect, test } from "bun:test";
import fc from "fast-check";
import { TokenBuckets } from "../../src/load/loop/token-buckets.ts";

test("a bucket lets its bandwidth through, and what one piece overdraws is worked off before the next", () => {
  const pieces = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 5000 })), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), pieces, (bytesPerSecond, steps) => {
      const buckets = new TokenBuckets(1, bytesPerSecond);
      buckets.reset(0, 0);
      let [now, passed, largest] = [0, 0, 0];
      for (const [pauseMs, bytes] of steps) {
        now += pauseMs;
        if (!buckets.mayPass(0, now)) {
          expect(buckets.waitMs(0)).toBeGreaterThan(0);
          continue;
        }
        buckets.spend(0, bytes);
        passed += bytes;
        largest = Math.max(largest, bytes);
      }
      // What was saved up (100 ms) and the one overdrawn piece are the only excess.
      expect(passed).toBeLessThanOrEqual((bytesPerSecond * now) / 1000 + bytesPerSecond / 10 + largest + 1e-6);
    }),
  );
});

test("a bucket of 0 never recovers, and one that waits knows for how long", () => {
  const never = new TokenBuckets(1, 0);
  never.spend(0, 1);
  expect(never.waitMs(0)).toBe(Number.POSITIVE_INFINITY);
  const slow = new TokenBuckets(2, 1000);
  slow.spend(1, 500);
  expect([slow.waitMs(0), slow.waitMs(1), slow.mayPass(1, 499), slow.mayPass(1, 500)]).toEqual([0, 500, false, true]);
});
