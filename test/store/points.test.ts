import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodePoints, encodePoints } from "../../src/store/points.ts";

function roundTrip(points: readonly number[]): { bytes: number; points: number[] } {
  const encoded = encodePoints(Float32Array.from(points))!;
  const decoded = new Float32Array(points.length);
  decodePoints(encoded, decoded);
  return { bytes: encoded.length, points: [...decoded] };
}

const flat = (value: number) => [value, value, value];
const gap = flat(Number.NaN);

describe("a block of points", () => {
  test.each([
    ["a constant", Array.from({ length: 30 }, () => flat(1)).flat(), 3],
    ["zeros", Array.from({ length: 96 }, () => flat(0)).flat(), 1],
    ["a large constant", Array.from({ length: 30 }, () => flat(12345678)).flat(), 6],
    ["small whole numbers", Array.from({ length: 30 }, (_, at) => flat(at % 7)).flat(), 65],
    ["one point in 60", Array.from({ length: 60 }, (_, at) => (at === 17 ? flat(3) : gap)).flat(), 13],
  ])("of %s is short", (_, points, most) => {
    const { bytes, points: back } = roundTrip(points);
    expect(bytes).toBeLessThanOrEqual(most);
    for (const [at, value] of back.entries()) {
      if (Number.isNaN(value)) expect(points[at]).toBeNaN();
      else expect(Math.abs(value - points[at]!)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -16);
    }
  });

  test("that are all gaps encodes to undefined", () => {
    expect(encodePoints(Float32Array.from([...gap, ...gap]))).toBeUndefined();
  });

  test("keeps five digits, the order of min, mean and max, and gaps", () => {
    const value = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -70_000, max: 70_000 }),
      fc.constantFrom(0, -0, 3.4e38, -3.4e38, 1e-45),
    );
    const point = fc.oneof(
      fc.tuple(value, value, value).map((three) => three.map(Math.fround).sort((a, b) => a - b)),
      value.map((one) => flat(Math.fround(one))),
      fc.constant(gap),
    );
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 96 }), (points) => {
        fc.pre(points.some(([, mean]) => !Number.isNaN(mean!)));
        const given = points.flat();
        const { points: back } = roundTrip(given);
        for (let at = 0; at < given.length; at++) {
          if (Number.isNaN(given[at]!)) {
            expect(back[at]).toBeNaN();
            continue;
          }
          const most = Math.max(Math.abs(given[at]!) * 2 ** -16, 2 ** -134);
          expect(Math.abs(back[at]! - given[at]!)).toBeLessThanOrEqual(most);
          const isWhole = Number.isInteger(given[at]) && Math.abs(given[at]!) <= 65_536;
          if (isWhole) expect(back[at] === given[at]).toBeTrue();
          if (at % 3 > 0) expect(back[at]!).toBeGreaterThanOrEqual(back[at - 1]!);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("is not read as more points than a block can have", () => {
    const encoded = encodePoints(Float32Array.from(Array.from({ length: 96 }, () => flat(5)).flat()))!;
    const points = new Float32Array(129 * 3).fill(7);
    decodePoints(encoded, points);
    expect(new Set(points)).toEqual(new Set([0]));
  });

  test("decodes any bytes to numbers or gaps", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 96 }), (bytes, count) => {
        const points = new Float32Array(count * 3);
        decodePoints(bytes, points);
        expect(points.every((value) => Number.isNaN(value) || Number.isFinite(value))).toBeTrue();
      }),
      { numRuns: 500 },
    );
  });
});
