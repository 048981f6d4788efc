import { expect, test } from "bun:test";
import { RateLimiter } from "../../src/proxy/guard/rate-limiter.ts";

test("a burst goes on at once, then as many a second as are allowed", () => {
  const limiter = new RateLimiter(10, 3);
  const taken = Array.from({ length: 5 }, () => limiter.take("a", 1000));
  expect(taken.map((waitMs) => Math.round(waitMs))).toEqual([0, 0, 0, 100, 100]);
  expect([limiter.take("a", 1099) > 0, limiter.take("a", 1100), limiter.take("a", 1100) > 0]).toEqual([true, 0, true]);
});

test("over a long time it lets as many go on as the burst and the rate say, whatever asks how often", () => {
  const limiter = new RateLimiter(7, 20);
  let passed = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 3) if (limiter.take("a", nowMs) === 0) passed += 1;
  expect(passed).toBeWithin(20 + 7 * 60 - 1, 20 + 7 * 60 + 2);
});

test("addresses do not take from each other", () => {
  const limiter = new RateLimiter(1, 1);
  expect([limiter.take("a", 0), limiter.take("b", 0), limiter.take("a", 0) > 0]).toEqual([0, 0, true]);
});

test("a flood of addresses does not grow it, and an address that is seen again stays known", () => {
  const limiter = new RateLimiter(1, 2, 100);
  limiter.take("kept", 0);
  limiter.take("kept", 0);
  for (let i = 0; i < 10_000; i++) {
    limiter.take(`flood ${i}`, 0);
    if (i % 50 === 0 && limiter.take("kept", i * 20) === 0) limiter.take("kept", i * 20);
  }
  expect(limiter.size).toBeLessThanOrEqual(200);
  expect(limiter.take("kept", 9_950 * 20)).toBeGreaterThan(0);
});
