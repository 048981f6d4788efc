import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Pacer } from "../../src/load/loop/pacer.ts";
import { parseShape } from "../../src/load/plan/shape-syntax.ts";

function pacer(spec: string, options: { dropAfterMs?: number; random?: () => number } = {}): Pacer {
  const made = new Pacer({ shape: parseShape(spec, { durationMs: 10_000 }), ...options }, 0);
  made.startShape(0);
  return made;
}

function takeAll(from: Pacer): number[] {
  const taken: number[] = [];
  for (let planned = from.take(); !Number.isNaN(planned); planned = from.take()) taken.push(planned);
  return taken;
}

describe("a pacer", () => {
  test("plans each message in the middle of its share of time", () => {
    const pace = pacer("constant:10");
    pace.advance(500, 1);
    expect(takeAll(pace)).toEqual([50, 150, 250, 350, 450]);
    expect(pace.planned).toBe(5);
  });

  test("multiplies by the connections that were open", () => {
    const pace = pacer("constant:10");
    pace.advance(100, 1);
    pace.advance(200, 10);
    expect(takeAll(pace)).toEqual([50, ...Array.from({ length: 10 }, (_, index) => 105 + index * 10)]);
  });

  test("keeps the planned moments of messages that became due while none was taken", () => {
    const pace = pacer("constant:1");
    for (let ms = 10; ms <= 1000; ms += 10) pace.advance(ms, ms <= 500 ? 0 : 10);
    const taken = takeAll(pace);
    expect(taken).toHaveLength(5);
    expect(taken[0]).toBeCloseTo(550, 6);
    expect(taken[4]).toBeCloseTo(950, 6);
  });

  test("drops messages that are too old, at once even after an hour of sleep, and counts it", () => {
    const pace = pacer("constant:1000", { dropAfterMs: 2000 });
    pace.advance(3_600_000, 1000);
    expect(pace.dropOld(3_600_000)).toBe(3_598_000_000);
    expect(pace.debt).toBe(2_000_000);
    expect(pace.take()).toBeGreaterThanOrEqual(3_598_000);
    expect(pace.planned).toBe(3_600_000_000);
    expect(pace.dropAll()).toBe(1_999_999);
    expect([pace.debt, pace.planned]).toEqual([0, 3_600_000_000]);
  });

  test("holds a debt of more ticks than it keeps corners", () => {
    const pace = pacer("ramp:10..100", { dropAfterMs: 60_000 });
    for (let ms = 1; ms <= 10_000; ms++) pace.advance(ms, 1);
    const taken = takeAll(pace);
    expect(taken).toHaveLength(550);
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
  });

  test("changes its rate while it runs", () => {
    const pace = pacer("constant:10");
    pace.advance(1000, 1);
    pace.scale(2);
    pace.advance(2000, 1);
    expect(pace.planned).toBe(30);
    expect(pace.ratePerSecond(2000)).toBe(20);
  });

  test("knows how long until the next", () => {
    const pace = pacer("constant:10");
    expect(pace.waitMs(0, 1)).toBe(50);
    expect([pace.waitMs(20, 1), pace.waitMs(70, 1)]).toEqual([30, 0]);
    expect(pace.waitMs(0, 0)).toBe(Number.POSITIVE_INFINITY);
    pace.advance(60, 1);
    expect(pace.waitMs(60, 1)).toBe(0);
  });

  test("before the shape starts its first rate holds", () => {
    const pace = new Pacer({ shape: parseShape("ramp:10..110", { durationMs: 10_000 }) }, 0);
    pace.advance(1000, 1);
    pace.startShape(1000);
    pace.advance(11_000, 1);
    expect(pace.planned).toBe(10 + 600);
  });

  test("poisson gaps have the rate's mean and an exponential's spread", () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const pace = pacer("poisson:100", { random });
    pace.advance(100_000, 1);
    const taken = takeAll(pace);
    const gaps = taken.map((at, index) => at - (taken[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeCloseTo(10, 0);
    expect(deviation / mean).toBeCloseTo(1, 1);
  });

  test("drops also what was due at the very end of a time in which something was planned", () => {
    const pace = pacer("steps:1,0");
    for (const weight of [1, 1, 1, 1, 0.5]) pace.advance((pace.planned + 1) * 1000, weight);
    expect([pace.planned, pace.debt]).toEqual([5, 5]);
    pace.advance(9000, 1);
    expect([pace.dropOld(9000), pace.debt]).toEqual([5, 0]);
  });

  test("planned = taken + dropped + debt, and nothing is planned twice or in the future", () => {
    const step = fc.record({
      passMs: fc.nat(3000),
      weight: fc.nat(20),
      take: fc.nat(200),
      drop: fc.boolean(),
      factor: fc.constantFrom(0.5, 1, 2),
    });
    const specs = fc.constantFrom("constant:7", "ramp:0..50", "sine:1..30/3s", "steps:0,40,0", "spike:1..90@2s+1s");
    fc.assert(
      fc.property(specs, fc.array(step, { maxLength: 30 }), (spec, steps) => {
        const pace = pacer(spec);
        let [now, taken, dropped, before] = [0, 0, 0, 0];
        for (const { passMs, weight, take, drop, factor } of steps) {
          now += passMs;
          pace.advance(now, weight);
          pace.scale(factor);
          const due = pace.debt;
          if (drop) dropped += pace.dropOld(now);
          for (let index = 0; index < take; index++) {
            const planned = pace.take();
            if (Number.isNaN(planned)) break;
            expect(planned).toBeGreaterThanOrEqual(before - 1e-6);
            expect(planned).toBeLessThanOrEqual(now + 1e-6);
            if (drop) expect(planned).toBeGreaterThanOrEqual(now - 2000 - 1e-6);
            before = planned;
            taken += 1;
          }
          expect(pace.planned).toBe(taken + dropped + pace.debt);
          expect(pace.debt).toBeLessThanOrEqual(due);
        }
      }),
    );
  });
});
