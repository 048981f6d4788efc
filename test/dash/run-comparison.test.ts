import { describe, expect, test } from "bun:test";
import { printedDifferences } from "../../src/cli/runs-compare.ts";
import {
  COMPARISON_NOTE,
  compareRuns,
  planDifferences,
  planWarning,
  type RunAnswer,
  type RunReport,
} from "../../src/dash/mod.ts";
import { verdictOf } from "../../src/dash/run-comparison.ts";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";
import { fakeRun } from "./fake-data.ts";

describe("what a difference of two runs is worth", () => {
  test.each([
    [100, 100, 0, undefined, "same"],
    [100, 100.4, 0, undefined, "within scatter"],
    [100, 104, 0, undefined, "within scatter"],
    [100, 110, 0, undefined, "perhaps"],
    [100, 150, 0, undefined, "clear"],
    [1, 2, 5, undefined, "within scatter"],
    [0, 3, 0, undefined, "clear"],
    [100, 150, 0, 1, "within scatter"],
    [100, 150, 0, 4, "perhaps"],
    [100, 150, 0, 9, "clear"],
    [100, 102, 0, 9, "perhaps"],
  ])("%d and %d, alike to %d, %p errors apart: %s", (from, to, grain, errors, verdict) => {
    expect(verdictOf(from, to, grain, errors)).toBe(verdict as never);
  });

  test("is measured in the seconds in which all connections were open", () => {
    const [a, b] = [1000, 1200].map((sent) =>
      runOf(
        sent,
        Array.from({ length: 12 }, (_, at) => sent + (at % 3)),
      ),
    );
    const row = compareRuns(a!, b!).find(({ name }) => name === "sent a second");
    expect(row).toMatchObject({ a: 1000, b: 1200, change: 1200 / 1000 - 1, verdict: "clear" });
    const noisy = runOf(
      1200,
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? 100 : 2300)),
    );
    expect(compareRuns(a!, noisy).find(({ name }) => name === "sent a second")?.verdict).toBe("within scatter");
  });
});

test("unanswered messages are compared, and a latency without answers is null", () => {
  const [a, b] = [fakeRun("1", 0, 1, true), fakeRun("2", 0, 1, true)];
  const report = {
    ...b.report,
    messages: { ...b.report.messages, unanswered: 500, unexpected: 7 },
    latencyUs: { ...b.report.latencyUs, message: { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count: 0 } },
  };
  const rows = new Map(compareRuns(a, { ...b, report }).map((row) => [row.name, row]));
  expect(rows.get("unanswered")).toMatchObject({ b: 500, words: "clearly worse" });
  expect(rows.get("message p99")).toMatchObject({ b: null, words: "" });
});

test("runs over HTTP are compared in requests and errors; what is late only where it was planned", () => {
  const answers = (model: string, timeouts: number): RunAnswer => {
    const run = fakeRun("1", 0, 1, true);
    const protocol = {
      ...{ kind: "http" as const, model, perSecond: 1, status: { 200: 5 }, wrongStatus: 2, wrongBody: null },
      errorsBy: { "first byte timeout": timeouts },
    };
    return { ...run, report: { ...run.report, protocol } };
  };
  const names = (a: RunAnswer, b: RunAnswer) => compareRuns(a, b).map(({ name }) => name);
  const [one, other] = [answers("closed", 10), answers("closed", 90)];
  const closed = names(one, other);
  expect(closed.filter((name) => /message|unanswered|unexpected|^late|^dropped/.test(name))).toEqual([]);
  expect(closed).toContain("generator per request");
  expect(compareRuns(one, other).find(({ name }) => name === "errors")).toMatchObject({
    a: 10,
    b: 90,
    words: "clearly worse",
  });
  expect(names(one, answers("open", 1))).toContain("late");
  expect(names(one, fakeRun("2", 0, 1, true))).toContain("message p99");
});

test("a latency that was not measured is null, not better", () => {
  const [a, b] = [fakeRun("12", 0, 1, true), fakeRun("11", 0, 1, true)];
  const nothing = { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count: 0 };
  const sink = { ...b, report: { ...b.report, latencyUs: { ...b.report.latencyUs, message: nothing } } };
  const told = compareRuns(a, sink).filter(({ name }) => name.startsWith("message"));
  expect(told.map(({ b, verdict }) => [b, verdict])).toEqual([[null, null], [null, null], [null, null]]); // biome-ignore format: one line
});

describe("what the plans set", () => {
  const [a, other] = [fakeRun("12", 0, 1, true), fakeRun("11", 0, 1, true)];
  /** Twice the rate: twice of all that a plan asks for, and of what is counted of it. */
  const twice = (
    more: Partial<RunReport["messages"]> = {},
    plan: Partial<RunReport["plan"]> = { ratePerConnection: 20 },
  ): RunAnswer => {
    const { report } = other;
    const { messages, server } = report;
    const counted = {
      planned: messages.planned * 2,
      late: messages.late * 2,
      perSecondSent: messages.perSecondSent * 2,
    };
    return {
      ...other,
      report: {
        ...report,
        plan: { ...report.plan, ...plan },
        messages: { ...messages, ...counted, ...more },
        server: { ...server!, cpuPercent: server!.cpuPercent * 2 },
      },
    };
  };
  const row = (b: RunAnswer, name: string) => compareRuns(a, b).find((each) => each.name === name)!;

  test("is not judged, and counts are judged per planned message", () => {
    for (const name of ["sent a second", "server processor", "generator processor"])
      expect(row(twice(), name)).toMatchObject({ verdict: "planned", words: "set by the plan" });
    expect(row(twice(), "late")).toMatchObject({
      a: 600,
      b: 1200,
      change: 0,
      verdict: "same",
      words: "same, per message",
    });
    expect(row(twice({ late: 6000 }), "late")).toMatchObject({ change: 4, words: "clearly worse, per message" });
    expect(row(twice(), "server per message").verdict).toBe("same");
    expect(row(twice(), "message p99").verdict).toBe("same");
  });

  test("is judged where the plans agree in it", () => {
    expect(row(twice({}, {}), "server processor")).toMatchObject({ verdict: "clear", words: "clearly worse" });
    expect(row(twice({}, { message: "other", workers: 3 }), "server processor").verdict).toBe("clear");
    // A report of another version that does not tell its plan.
    const untold = { ...other, report: { ...other.report, plan: undefined as never } };
    expect(row(untold, "sent a second").verdict).not.toBe("planned");
  });
});

function runOf(perSecondSent: number, seconds: readonly number[]): RunAnswer {
  const latency = { p50: 100, p99: 200, max: 300 };
  const report = {
    connections: { peak: 10, failed: 0, lost: 0 },
    messages: { perSecondSent, late: 0, dropped: 0 },
    latencyUs: { connect: latency, message: latency },
    server: null,
    generator: { cpuPercent: 10 },
  };
  // The ramp, in which not all are open, is as fast as can be and tells nothing.
  const sentPerSecond = [1, 9999, ...seconds];
  const connectionsOpen = sentPerSecond.map((_, at) => (at < 2 ? 5 : 10));
  const columns = { sentPerSecond, connectionsOpen } as never;
  return {
    id: "1",
    startedAt: 0,
    report: report as never,
    series: { elapsedMs: sentPerSecond.map((_, at) => at * 1000), columns },
  };
}

describe.if(hasBrowser())("the page", () => {
  const stand = stage();

  test(
    "describes differences as tenk runs compare does",
    async () => {
      const page = await stand.open("#/runs");
      const [a, b] = [fakeRun("12", 0, 1, true), fakeRun("11", 0, 0.8, true)];
      const server = { ...a.report.server!, rssBytes: a.report.server!.rssBytes * 1.024 };
      stand.instance.runs.splice(0, 2, a, { ...b, report: { ...b.report, server } });
      await page.goto(`${stand.instance.url}#/runs/12/11`);
      for (const [name, words] of [
        ["Connections held", "same"],
        ["Server memory", "+2.4 %, within scatter"],
        ["Sent a second", "−20 %, clearly worse"],
      ]) {
        await sees(
          page,
          `.compare tr:has(th:text-is("${name}")) td:last-child`,
          new RegExp(`^${words!.replace("+", "\\+")}$`),
        );
      }
      expect(await page.locator(".compare .worse").count()).toBeGreaterThan(0);
      expect(await page.locator('.compare tr:has(th:text-is("Server memory")) .worse').count()).toBe(0);
      expect(await page.locator(".differing").count()).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    "shows both plans and their differences, and greys values that they set, as tenk runs compare does",
    async () => {
      const page = await stand.open("#/runs");
      const [a, b] = [fakeRun("12", 0, 1, true), fakeRun("11", 0, 1, true)];
      const plan = { ...b.report.plan, ratePerConnection: 20, durationMs: 30_000, message: "GET /\u202e" };
      stand.instance.runs.splice(0, 2, a, {
        ...b,
        report: { ...b.report, plan, endedBy: "stopped", verdict: { pass: false, reason: "", checks: [] } },
      });
      await page.goto(`${stand.instance.url}#/runs/12/11`);
      await sees(page, ".compared li:nth-child(2) .plan", /connections/);
      expect((await page.locator(".compared .plan").allTextContents()).map((text) => text.trim())).toEqual([
        '10 000 connections at 1k/s, 10/s each, "PING\\r\\n" of 64 B, 50 s',
        '10 000 connections at 1k/s, 20/s each, "GET /\\u202e" of 64 B, 30 s',
      ]);
      expect(await page.locator(".compared .verdict").allTextContents()).toEqual(["✓ passed", "■ stopped"]);
      const shown = await page.locator(".compare tbody tr").allTextContents();
      const [one, other] = stand.instance.runs;
      for (const { name, words } of printedDifferences(one as never, other as never)) {
        const row = shown.find((text) => text.toLowerCase().startsWith(name));
        expect(row).toEndWith(words);
      }
      expect(await page.locator(".compare .planned th").allTextContents()).toEqual([
        "Sent a second",
        "Server processor",
        "Generator processor",
      ]);
      const differing = await page.locator(".differing").textContent();
      expect(differing).toStartWith("The plans differ in rate of each (10/s, 20/s), message (");
      expect(differing).toEndWith("duration (50 s, 30 s): so do the runs, however they went.");
      await page.getByText(COMPARISON_NOTE).waitFor();
      const write = { count: String, perSecond: String, duration: String, bytes: String };
      expect(planWarning(planDifferences(one!.report, one!.report, write))).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
