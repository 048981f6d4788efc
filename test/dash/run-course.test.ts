import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RunCourse, runSeries } from "../../src/dash/mod.ts";
import { fakeSnapshot } from "./fake-data.ts";

function courseOf(seconds: readonly number[], maxPoints?: number): RunCourse {
  const course = new RunCourse(maxPoints);
  for (const second of seconds) course.add(fakeSnapshot(second), second);
  return course;
}

function secondsOf(course: RunCourse, after?: number): number[] {
  return course.series(after).elapsedMs.map((ms) => ms / 1000);
}

describe("the course of a run", () => {
  test("has the values of its snapshots in six digits", () => {
    const seconds = [0, 5, 20, 21];
    const { elapsedMs, columns } = courseOf(seconds).series();
    const exact = runSeries(seconds.map((second) => fakeSnapshot(second)));
    expect(elapsedMs).toEqual([...exact.elapsedMs]);
    for (const [column, values] of Object.entries(exact.columns)) {
      const expected = values.map((value) => (value === null ? null : Number(value.toPrecision(6))));
      expect([column, columns[column as keyof typeof columns]]).toEqual([column, expected]);
    }
  });

  test.each([
    ["as many as there may be", 8, [0, 1, 2, 3, 4, 5, 6, 7]],
    ["one more", 9, [0, 2, 4, 6, 8]],
    ["and on", 14, [0, 2, 4, 6, 8, 10, 12, 13]],
    ["too many again", 16, [0, 4, 8, 12, 15]],
  ])("is thinned evenly, and keeps its begin and its newest: %s", (_, count, expected) => {
    expect(secondsOf(courseOf([...Array(count).keys()], 8))).toEqual(expected);
  });

  test("returns what is new since a number", () => {
    const course = courseOf([0, 1, 2, 3]);
    expect(secondsOf(course, 1)).toEqual([2, 3]);
    expect(secondsOf(course, 3)).toEqual([]);
  });

  test("begins again when the time does", () => {
    expect(secondsOf(courseOf([0, 1, 2, 0, 1]))).toEqual([0, 1]);
  });

  test("has a gap for a missing value or NaN", () => {
    const course = new RunCourse();
    const strange = { elapsedMs: 1, connections: null, messages: "many", bytes: { perSecondSent: "1" }, latencyUs: 5 };
    course.add(strange as never);
    expect(new Set(Object.values(course.series().columns).flat())).toEqual(new Set([null]));
  });

  test("is bounded, in order, and equal on both sides, for any moments and any that are sent", () => {
    const moments = fc.array(fc.record({ ms: fc.nat(1e6), isTold: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(moments, fc.integer({ min: 4, max: 20 }), (told, maxPoints) => {
        const [instance, page] = [new RunCourse(maxPoints), new RunCourse(maxPoints)];
        const sorted = told.map(({ ms }) => ms).sort((a, b) => a - b);
        let tellAfter: number | undefined;
        told.forEach(({ isTold }, number) => {
          instance.add({ elapsedMs: sorted[number]! }, number);
          if (!isTold) return;
          page.addSeries(instance.series(tellAfter));
          tellAfter = number;
        });
        for (const { elapsedMs } of [instance.series(), page.series()]) {
          expect(elapsedMs.length).toBeLessThanOrEqual(maxPoints);
          expect(elapsedMs).toEqual([...new Set(elapsedMs)].sort((a, b) => a - b));
        }
        page.addSeries(instance.series(tellAfter));
        for (const { elapsedMs } of sorted.length > 0 ? [instance.series(), page.series()] : []) {
          expect([elapsedMs[0], elapsedMs.at(-1)]).toEqual([sorted[0], sorted.at(-1)]);
        }
        // A reconnect: all of it replaces what was there.
        page.addSeries(instance.series());
        expect(page.series().elapsedMs).toEqual(instance.series().elapsedMs);
      }),
      { numRuns: 300 },
    );
  });
});
