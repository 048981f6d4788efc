import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Latencies } from "../../src/load/measure/latency.ts";

describe("latencies", () => {
  test("are exact to three digits over the whole range", () => {
    const latencies = new Latencies();
    for (let us = 1; us <= 10_000; us++) latencies.record("message", us);
    const { p50, p90, p99, p999, max, count } = latencies.summary("message");
    const exact = [5000, 9000, 9900, 9990, 10_000];
    for (const [index, value] of [p50, p90, p99, p999, max].entries()) {
      expect(Math.abs(value - exact[index]!) / exact[index]!).toBeLessThanOrEqual(0.001);
    }
    expect(count).toBe(10_000);
  });

  test("values outside the range are recorded as its end", () => {
    const latencies = new Latencies();
    latencies.record("connect", 0);
    latencies.record("connect", 1e12);
    expect(latencies.summary("connect").count).toBe(2);
    expect(latencies.quantileUs("connect", 50)).toBe(1);
    expect(latencies.summary("connect").max).toBeGreaterThan(3.5e9);
  });

  test("nothing measured is all zero", () => {
    expect(new Latencies().summary("service", [95])).toEqual({
      p50: 0,
      p90: 0,
      p99: 0,
      p999: 0,
      max: 0,
      count: 0,
      more: { p95: 0 },
    });
  });

  test("those of several workers add up after a journey between threads", () => {
    const [one, other] = [new Latencies(), new Latencies()];
    for (let index = 0; index < 100; index++) {
      one.record("message", 1000);
      other.record("message", 200_000);
      other.record("send", 7);
    }
    one.messageBuckets[10] = 3;
    other.messageBuckets[10] = 4;
    other.messageBuckets[32] = 1;
    one.add(Latencies.decode(structuredClone(other.encode())));
    expect([one.messageBuckets[10], one.messageBuckets[32], one.messageBuckets[0]]).toEqual([7, 1, 0]);
    const { p50, p99, count } = one.summary("message");
    expect(count).toBe(200);
    expect(p50).toBe(1000);
    expect(Math.abs(p99 - 200_000)).toBeLessThan(200);
    expect(one.count("send")).toBe(100);
    expect(one.quantileUs("send", 50)).toBe(7);
  });

  test("a journey changes no percentile, and not the largest value", () => {
    const values = fc.array(fc.integer({ min: 1, max: 3_600_000_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, (each) => {
        const sent = new Latencies();
        for (const value of each) sent.record("message", value);
        const arrived = Latencies.decode(structuredClone(sent.encode()));
        expect(arrived.summary("message", [10])).toEqual(sent.summary("message", [10]));
      }),
    );
  });
});
