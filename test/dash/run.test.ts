import { expect, test } from "bun:test";
import { runSeries } from "../../src/dash/mod.ts";
import type { LoadSnapshot, Report } from "../../src/load/mod.ts";
import { type fakeReport, fakeSnapshot } from "./fake-data.ts";

test("snapshots become columns; a latency before the first measurement is a gap", () => {
  const { elapsedMs, columns } = runSeries([fakeSnapshot(5), fakeSnapshot(20)]);
  expect(elapsedMs).toEqual([5000, 20_000]);
  expect(columns.connectionsOpen).toEqual([5000, 10_000]);
  expect(columns.p99Us[0]).toBeNull();
  expect(columns.p99Us[1]).toBeGreaterThan(1000);
});

test("a long run is thinned out evenly, and keeps its last point", () => {
  const { elapsedMs } = runSeries(
    Array.from({ length: 95 }, (_, second) => fakeSnapshot(second)),
    10,
  );
  expect(elapsedMs.slice(0, 3)).toEqual([0, 10_000, 20_000]);
  expect(elapsedMs.at(-1)).toBe(94_000);
});

test("reports and snapshots of a load test have the fields that the page reads", () => {
  // Checked by the compiler: neither folder imports the other.
  const series: (snapshots: LoadSnapshot[]) => unknown = runSeries;
  const shown: (report: Report) => ReturnType<typeof fakeReport> = (report) => report;
  expect(series([])).toEqual(runSeries([]));
  expect(shown).toBeFunction();
});
