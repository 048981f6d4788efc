import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { search, type Trial, verdictOn } from "../../src/load/find-limit.ts";
import { findLimit, type Limit, LoadControl, planTcp, type Report, tcp } from "../../src/load/mod.ts";
import { PING, target } from "./servers.ts";

const NO_REPORT = {} as Report;

describe("the search for a limit", () => {
  test("finds any knee to its precision, from below and from above", async () => {
    const knees = fc.double({ min: 1, max: 1e6, noNaN: true });
    const starts = fc.double({ min: 0.1, max: 1e5, noNaN: true });
    await fc.assert(
      fc.asyncProperty(knees, starts, async (knee, start) => {
        let runs = 0;
        const trial: Trial = async (value) => {
          runs += 1;
          return { pass: value <= knee, report: NO_REPORT };
        };
        const found = await search(trial, start, { precision: 0.05, maxSteps: 60 });
        expect(found.knee).toBeLessThanOrEqual(knee);
        expect(found.brokenAt!).toBeGreaterThan(knee);
        expect(found.brokenAt! - found.knee).toBeLessThanOrEqual(found.knee * 0.05 + 1e-9);
        expect(runs).toBeLessThanOrEqual(30);
      }),
    );
  });

  test("for connections ends at neighbouring numbers, and at the machine's limit", async () => {
    const trial: Trial = async (value) => (value > 40 ? "machine" : { pass: value <= 7, report: NO_REPORT });
    expect(await search(trial, 3, { precision: 0, whole: true })).toEqual({
      knee: 7,
      brokenAt: 8,
      byMachine: false,
      isStopped: false,
    });
    const free: Trial = async (value) => (value > 40 ? "machine" : { pass: true, report: NO_REPORT });
    expect(await search(free, 30, { precision: 0, whole: true })).toEqual({
      knee: 40,
      brokenAt: 41,
      byMachine: true,
      isStopped: false,
    });
  });

  test("gives up where nothing passes, and after so many runs", async () => {
    const never: Trial = async () => ({ pass: false, report: NO_REPORT });
    expect(await search(never, 4, { whole: true })).toMatchObject({ knee: 0, brokenAt: 1 });
    const always: Trial = async () => ({ pass: true, report: NO_REPORT });
    expect(await search(always, 1, { maxSteps: 4 })).toEqual({
      knee: 8,
      brokenAt: null,
      byMachine: false,
      isStopped: false,
    });
  });

  test("runs the plan at each value and draws the curve", async () => {
    // A server that resets its third connection: two can be held.
    await using fussy = await target(undefined, {
      open: () => {
        if (fussy.connections.size > 2) for (const connection of fussy.connections) connection.reset();
      },
    });
    const options = {
      port: fussy.server.port,
      durationMs: 60,
      messages: PING,
      ratePerConnection: 10,
      statsUrl: false,
    } as const;
    const report = await findLimit(tcp, planTcp({ ...options, connectRate: 10_000 }), {
      vary: "connections",
      pauseMs: 1,
    });
    expect(report.limit).toMatchObject({ vary: "connections", knee: 2, brokenAt: 3 });
    expect(report.limit.curve.map(({ value, pass }) => [value, pass])).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ]);
    expect(report.plan.connections).toBe(2);
    // A machine that held the generator up meanwhile is to blame, and is blamed.
    expect([report.verdict.pass, report.limit.limitedBy]).toEqual(
      report.limit.limitedBy === "generator" ? [false, "generator"] : [true, "target"],
    );
  });

  test("does not take a rate at which nothing is sent for one that a dead server can stand", async () => {
    await using silent = await target();
    const plan = planTcp({
      port: silent.server.port,
      durationMs: 100,
      drainMs: 20,
      messages: PING,
      replies: { kind: "length", bytes: 4 },
      ratePerConnection: 20,
      expectations: ["unanswered=0"],
      statsUrl: false,
    });
    const { limit } = await findLimit(tcp, plan, { pauseMs: 1 });
    expect([limit.knee, limit.curve.map(({ value }) => value)]).toEqual([0, [5, 10, 20]]);
  });

  test("reports that it was stopped, whatever passed until then", async () => {
    await using sink = await target();
    const plan = {
      port: sink.server.port,
      durationMs: 50,
      messages: PING,
      ratePerConnection: 100,
      statsUrl: false,
    } as const;
    const abort = new AbortController();
    const onStep = () => abort.abort();
    const first = await findLimit(tcp, planTcp(plan), { pauseMs: 1, onStep, signal: abort.signal });
    const control = new LoadControl();
    const onSnapshot = () => control.stop();
    const second = await findLimit(tcp, planTcp({ ...plan, durationMs: 60_000 }), { pauseMs: 1, control, onSnapshot });
    for (const { endedBy, verdict, limit } of [first, second]) {
      expect([endedBy, verdict.pass, limit.brokenAt]).toEqual(["stopped", false, null]);
      expect(verdict.reason).toBe("the search was stopped before its end");
    }
  });

  test.each([
    ["target", 20, true, "every expectation held"],
    ["generator", 20, false, "it carries 10, and at 20 this generator was the limit (CPU 99%)"],
    ["machine", 20, false, "it carries 10, and this machine cannot carry 20"],
    ["none", null, false, "it carries 10, and every run passed"],
  ] as const)("limited by %s, its verdict is that of a search", (limitedBy, brokenAt, pass, reason) => {
    const limit: Limit = { vary: "rate", knee: 10, brokenAt, limitedBy, curve: [] };
    const held = { verdict: { pass: true, checks: [], reason: "every expectation held" } } as unknown as Report;
    const broken = { generator: { saturation: ["CPU 99%"] } } as unknown as Report;
    expect(verdictOn(limit, held, broken)).toMatchObject({ pass, reason: expect.stringContaining(reason) });
    expect(verdictOn({ ...limit, knee: 0 }, held, broken)).toEqual(held.verdict);
  });

  test("is refused where there is nothing to raise", async () => {
    const plan = planTcp({ port: 1, messages: PING, shape: "ramp:1..10" });
    await expect(findLimit(tcp, plan)).rejects.toThrow(/shape "ramp:1\.\.10" sets the rate/);
    const named = planTcp({ port: 1, messages: PING, shape: "ramp:1..100", totalRate: 100 });
    await expect(findLimit(tcp, named)).rejects.toThrow(/shape "ramp:1\.\.100" sets the rate/);
    const constant = planTcp({ port: 1, messages: PING, shape: "constant:5", totalRate: 5 });
    await expect(findLimit(tcp, constant)).rejects.toThrow(/shape "constant:5" sets the rate/);
    await expect(findLimit(tcp, planTcp({ port: 1 }), { vary: "rate" })).rejects.toThrow(/no rate to raise/);
  });
});
