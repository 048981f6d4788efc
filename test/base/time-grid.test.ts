import { expect, test } from "bun:test";
import fc from "fast-check";
import { TimeGrid } from "../../src/base/mod.ts";

test("a point goes to the bucket it begins in, one outside to none", () => {
  const grid = new TimeGrid(10_000, 10_000, 2);
  for (const atMs of [9999, 10_000, 19_999, 20_000, 30_000]) grid.add(atMs, 1000, atMs, atMs, atMs);
  expect(grid.finish()).toEqual({
    t: [10_000, 20_000],
    min: [10_000, 20_000],
    mean: [14_999.5, 20_000],
    max: [19_999, 20_000],
  });
});

test("a point longer than a bucket fills all it covers, also where it begins before the first", () => {
  const grid = new TimeGrid(10_000, 1000, 3);
  grid.add(5000, 7000, 1, 2, 3);
  expect(grid.finish()).toEqual({
    t: [10_000, 11_000, 12_000],
    min: [1, 1, null],
    mean: [2, 2, null],
    max: [3, 3, null],
  });
});

test("a mean counts by its span", () => {
  const grid = new TimeGrid(0, 60_000, 1);
  grid.add(0, 10_000, 1, 1, 1);
  grid.add(10_000, 30_000, 5, 5, 5);
  expect(grid.finish().mean).toEqual([4]);
});

test("points in two grids, added, are as all in one; a mean never leaves min and max", () => {
  const point = fc.record({
    atMs: fc.integer({ min: -5, max: 60 }),
    value: fc.double({ noNaN: true, min: -1e30, max: 1e30 }),
  });
  fc.assert(
    fc.property(fc.array(point), fc.array(point), (some, others) => {
      const [left, right, all] = [new TimeGrid(0, 10, 5), new TimeGrid(0, 10, 5), new TimeGrid(0, 10, 5)];
      for (const { atMs, value } of some) left.add(atMs, 1, value, value, value);
      for (const { atMs, value } of others) right.add(atMs, 1, value, value, value);
      for (const { atMs, value } of [...some, ...others]) all.add(atMs, 1, value, value, value);
      left.addGrid(right);
      expect([left.min, left.max, left.weight]).toEqual([all.min, all.max, all.weight]);
      const { min, mean, max } = left.finish();
      for (const [bucket, value] of mean.entries()) {
        if (value === null) continue;
        expect(value).toBeGreaterThanOrEqual(min[bucket]!);
        expect(value).toBeLessThanOrEqual(max[bucket]!);
      }
    }),
  );
});
