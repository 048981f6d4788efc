import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TenkError } from "../../src/base/mod.ts";
import type { Shape } from "../../src/load/plan/shape.ts";
import { parseShape } from "../../src/load/plan/shape-syntax.ts";

const RUN = { durationMs: 60_000, ratePerSecond: 10 };

describe("shapes are read as they are written", () => {
  test.each([
    ["constant", 30_000, 10, 300],
    ["constant:100", 30_000, 100, 3000],
    ["poisson:2k", 1000, 2000, 2000],
    ["ramp:10..100", 60_000, 100, 3300],
    ["ramp:0..100/20s", 40_000, 100, 3000],
    ["ramp:100..0.5", 0, 100, 0],
    ["steps:10,20,50", 25_000, 20, 300],
    ["steps:10,20,50/1s", 10_000, 50, 430],
    ["spike:10..500@30s+5s", 32_000, 500, 1300],
    ["spike:10..500@30s+5s", 60_000, 10, 3050],
    ["spike:10..500@0+5s", 1000, 500, 500],
    ["sine:10..100/60s", 30_000, 100, 1650],
    ["sine:10..100/60s", 60_000, 10, 3300],
  ] as const)("%p at %p ms: %p a second, %p so far", (spec, ms, rate, expected) => {
    const shape = parseShape(spec, RUN);
    expect(shape.ratePerSecond(ms)).toBeCloseTo(rate, 6);
    expect(shape.expected(ms)).toBeCloseTo(expected, 6);
  });

  test.each([
    ["", /Unknown shape ""/],
    ["rampe:1..2", /did you mean ramp/],
    ["ramp:10", /numbers cannot be read/],
    ["ramp:10..x", /"x" is not a rate/],
    ["steps:10,,20", /"" is not a rate/],
    ["spike:10..500@30+5s", /"30" is not a duration/],
    ["sine:100..10/60s", /second rate must be the higher/],
    ["sine:0..10/0s", /"0s" is not a duration/],
  ])("%p is refused", (spec, says) => {
    let thrown: unknown;
    try {
      parseShape(spec, RUN);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TenkError);
    const { code, message, hint } = thrown as TenkError;
    expect([code, `${message} ${hint}`]).toEqual(["usage", expect.stringMatching(says)]);
  });

  test("a shape without a rate of its own needs -r", () => {
    expect(() => parseShape("poisson", { durationMs: 1000 })).toThrow(/has no rate/);
  });
});

describe("the cumulative function and its inverse", () => {
  const rate = fc.integer({ min: 0, max: 100_000 }).map((value) => value / 100);
  const spec = fc.oneof(
    rate.map((r) => `constant:${r}`),
    fc.tuple(rate, rate).map(([a, b]) => `ramp:${a}..${b}`),
    fc.array(rate, { minLength: 1, maxLength: 5 }).map((rates) => `steps:${rates.join(",")}`),
    fc
      .tuple(rate, rate, fc.nat(50), fc.integer({ min: 1, max: 50 }))
      .map(([a, b, at, length]) => `spike:${a}..${b}@${at}s+${length}s`),
    fc.tuple(rate, rate, fc.integer({ min: 1, max: 90 })).map(([a, b, period]) => `sine:${a}..${a + b + 1}/${period}s`),
  );
  const anyShape: fc.Arbitrary<Shape> = spec.map((text) => parseShape(text, RUN));
  const anyTime = fc.double({ min: -60_000, max: 120_000, noNaN: true });

  test("never fall", () => {
    fc.assert(
      fc.property(anyShape, anyTime, anyTime, (shape, a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)];
        expect(shape.expected(late) - shape.expected(early)).toBeGreaterThanOrEqual(-1e-6);
      }),
    );
  });

  test("undo each other wherever the rate is not 0", () => {
    fc.assert(
      fc.property(anyShape, anyTime, (shape, ms) => {
        const count = shape.expected(ms);
        const back = shape.timeOf(count);
        // Where the count stood still, the first such moment is the answer; the count is the same at both.
        expect(shape.expected(back)).toBeCloseTo(count, 3);
        // Before the begin of a shape that begins at rate 0 it stood still for ever: then the begin is the answer.
        expect(back).toBeLessThanOrEqual(Math.max(ms, 0) + 1);
        if (shape.ratePerSecond(ms) > 1 && shape.ratePerSecond(back) > 1) expect(Math.abs(back - ms)).toBeLessThan(1);
      }),
      // Where a sine begins at 0, the difference of two numbers that are almost the same decides.
      { examples: [[parseShape("sine:0..1/45s", RUN), 1.3928505631472008e-269]] },
    );
  });

  test("say never when the rate stays 0", () => {
    expect(parseShape("constant:0", RUN).timeOf(1)).toBe(Number.POSITIVE_INFINITY);
  });
});
