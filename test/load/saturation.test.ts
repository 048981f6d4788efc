import { expect, test } from "bun:test";
import { LoadControl } from "../../src/load/mod.ts";
import { saturation } from "../../src/load/result/saturation.ts";
import { runAgainst, target } from "./servers.ts";

const CALM = {
  cpuPercent: 20,
  cpuOverMs: 10_000,
  loopLagP99Us: 300,
  workers: 1,
  behind: 0,
  byTarget: 0,
  planned: 1000,
};

test.each([
  ["a calm one", CALM, []],
  ["a busy one", { ...CALM, cpuPercent: 97 }, ["CPU 97% of a core"]],
  ["two loops, each on half of a core", { ...CALM, cpuPercent: 100, workers: 2 }, []],
  ["a sending that was over before it began", { ...CALM, cpuPercent: 98, cpuOverMs: 3 }, []],
  ["one on a machine without idle cores", { ...CALM, idleCores: 0.1 }, ["every core of this machine busy"]],
  ["one on a machine with idle cores", { ...CALM, idleCores: 0.6 }, []],
  ["one whose loop was held up", { ...CALM, loopLagP99Us: 25_000 }, ["loop lag p99 25 ms"]],
  ["one that is behind", { ...CALM, behind: 2 }, ["0.2% of the messages behind plan"]],
  [
    "one that is behind for as many as the target",
    { ...CALM, behind: 60, byTarget: 500 },
    ["6% of the messages behind plan"],
  ],
  ["one late message beside those a frozen target left", { ...CALM, behind: 2, byTarget: 100 }, []],
  ["a lagging one, of a target that answered nothing", { ...CALM, loopLagP99Us: 25_000, byTarget: 990 }, []],
  ["nothing planned", { ...CALM, planned: 0 }, []],
] as const)("whether the generator was the limit: %s", (_, measured, reasons) => {
  expect(saturation(measured)).toEqual([...reasons]);
});

test("a run that is stopped while it connects is not judged by its CPU", async () => {
  await using sink = await target();
  const control = new LoadControl();
  const onSnapshot = () => control.stop();
  const report = await runAgainst(sink, { connections: 1000, connectRate: 1 }, { control, onSnapshot });
  expect([report.endedBy, report.generator.saturation.filter((reason) => reason.startsWith("CPU"))]).toEqual([
    "stopped",
    [],
  ]);
});
