import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../../src/base/mod.ts";
import { type PushJobs as Jobs, PushJobs, pushPlan, readCall } from "../../../src/probe/push/mod.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 30, 12);
const folder = mkdtempSync(join(tmpdir(), "tenk-push-"));
afterAll(() => rmSync(folder, { recursive: true }));

const clock = { wallMs: START_MS, bootMs: 1e6 };
const clocks = { wall: () => clock.wallMs, boot: () => clock.bootMs };
const pass = (ms: number) => {
  clock.wallMs += ms;
  clock.bootMs += ms;
};
const logged: string[] = [];
const note = (message: string) => void logged.push(message);
const log = { debug: note, info: note, warn: note, error: note } as unknown as Log;

let count = 0;
let home = "";
beforeEach(() => {
  count += 1;
  home = mkdtempSync(join(folder, `${count}-`));
  Object.assign(clock, { wallMs: START_MS, bootMs: 1e6 });
  logged.length = 0;
});

const PLAN = pushPlan({ every: 24 * HOUR_MS, grace: HOUR_MS, maxRun: 2 * HOUR_MS });

function begin(...names: string[]): Jobs {
  const jobs = new PushJobs({ folder: home, log, clocks, onCalled: (name) => note(`called ${name}`) });
  jobs.declare(new Map((names.length > 0 ? names : ["backup"]).map((name) => [name, PLAN])));
  return jobs;
}

const call = (jobs: Jobs, word = "", body = "", name = "backup") =>
  jobs.call(readCall(`${name}/${jobs.keys.of(name)}${word}`)!, body);
const result = (jobs: Jobs, name = "backup") => jobs.judge(name).outcome.result;
const reason = (jobs: Jobs) => jobs.judge("backup").outcome.reason;
/** Minutes pass, each with a look at the clock, as the ticker has it. */
const wait = (jobs: Jobs, ms: number) => {
  for (let left = ms; left > 0; left -= 30_000) {
    pass(Math.min(left, 30_000));
    jobs.judge("backup");
  }
};

describe("a job", () => {
  test("that calls is up, and says how long it took", () => {
    const jobs = begin();
    expect(result(jobs)).toBe("unknown");
    expect(call(jobs, "/start")).toBe("ok");
    wait(jobs, 90_000);
    expect(reason(jobs)).toBe("runs since 90s");
    expect(call(jobs)).toBe("ok");
    expect(jobs.judge("backup").outcome).toEqual({ result: "up", facts: { latencyMs: 90_000 }, reason: "called just now, took 90s" }); // biome-ignore format: one call
    expect(logged).toEqual(["called backup", "called backup"]);
  });

  test.each([
    ["/fail", "failed: disk full"],
    ["/1", "failed with exit code 1: disk full"],
    ["/255", "failed with exit code 255: disk full"],
  ])("that calls %s is down at once, until it succeeds", (word, expected) => {
    const jobs = begin();
    call(jobs, "/start");
    expect(call(jobs, word, "…\ndisk\tfull\n")).toBe("ok");
    expect(reason(jobs)).toContain(expected.slice(0, -9));
    expect(reason(jobs)).toContain("disk full");
    call(jobs, "/start");
    expect(result(jobs)).toBe("down");
    call(jobs, "/0");
    expect(result(jobs)).toBe("up");
  });

  test("that only logs changes nothing but its message, of which the end is kept, without control characters", () => {
    const jobs = begin();
    call(jobs, "/log", `${"x".repeat(3000)}\u001b[31m done\r\n`);
    expect(result(jobs)).toBe("unknown");
    const { message } = jobs.state("backup")!;
    expect(message).toHaveLength(1024);
    expect(message).toEndWith("xx [31m done");
  });

  test("that calls too often is told so, and only it", () => {
    const jobs = begin("backup", "other");
    const results = Array.from({ length: 12 }, () => call(jobs));
    expect(results.filter((each) => each === "ok")).toHaveLength(10);
    expect(call(jobs, "", "", "other")).toBe("ok");
    pass(1000);
    expect(call(jobs)).toBe("ok");
    expect(jobs.counts.rejected["too-often"]).toBe(2);
  });

  test.each(["backup/KEY", "other/KEY", "backup/KEYx", "Backup/KEY"])("is not who calls %s of another", (path) => {
    const jobs = begin("backup", "other");
    const key = path.startsWith("other") ? jobs.keys.of("backup")! : jobs.keys.of("other")!;
    const read = readCall(path.replace("KEY", key));
    expect(read === undefined ? jobs.reject() : jobs.call(read, "")).toBe("unknown");
    expect(jobs.counts.rejected.unknown).toBe(1);
  });
});

test.each([
  ["a/k/start", { kind: "start" }],
  ["a/k/", { kind: "success" }],
  ["a/k/0", { kind: "success" }],
  ["a/k/7", { kind: "fail", exitCode: 7 }],
  ["a/k/256", undefined],
  ["a/k/stop", undefined],
  ["a/k/start/x", undefined],
  ["a//start", undefined],
  ["a/k%2e", undefined],
  ["a", undefined],
])("%s says %j", (path, signal) => {
  expect(readCall(path)?.signal).toEqual(signal as never);
});

describe("after a restart", () => {
  test("keys and calls are as they were, in files that nobody else may read", () => {
    const before = begin("backup");
    const key = before.keys.of("backup")!;
    call(before, "/3", "no space");
    before.stop();
    const after = begin("backup", "new");
    expect(after.keys.of("backup")).toBe(key);
    expect(key).toMatch(/^[\w-]{32}$/);
    expect(reason(after)).toBe("failed with exit code 3: no space");
    for (const file of ["push.json", "push-keys.json"])
      expect(statSync(join(home, file)).mode & 0o777, file).toBe(0o600);
    expect(readFileSync(join(home, "push.json"), "utf8")).not.toContain(key);
    after.stop();
  });

  test("nothing is down for the time in which tenk did not run, and what is missed afterwards is", () => {
    const before = begin();
    call(before);
    wait(before, HOUR_MS);
    before.stop();
    pass(30 * HOUR_MS);
    const after = begin();
    expect(result(after)).toBe("up");
    wait(after, 17 * HOUR_MS);
    expect(result(after)).toBe("up");
    wait(after, 2 * HOUR_MS);
    expect(result(after)).toBe("down");
    after.stop();
  });

  test("a service that was not declared for a while begins anew, with its key", () => {
    const jobs = begin("backup", "other");
    const key = jobs.keys.of("other");
    call(jobs, "/fail", "", "other");
    jobs.declare(new Map([["backup", PLAN]]));
    expect(jobs.call({ name: "other", key: key!, signal: { kind: "success" } }, "")).toBe("unknown");
    jobs.declare(new Map([["other", PLAN]]));
    expect([jobs.keys.of("other"), result(jobs, "other")]).toEqual([key, "unknown"]);
    jobs.stop();
  });

  test("damaged files are set aside and said, and stop nothing", () => {
    begin().stop();
    writeFileSync(join(home, "push.json"), "{");
    writeFileSync(join(home, "push-keys.json"), '{"backup":7,"x":"../../etc"}');
    const jobs = begin();
    expect(jobs.keys.of("backup")).toMatch(/^[\w-]{32}$/);
    expect(logged).toContain("push file damaged, set aside");
    jobs.stop();
  });
});

describe("a clock that", () => {
  test("is set forward makes nothing late, and calls of this run keep their age", () => {
    const jobs = begin();
    call(jobs);
    wait(jobs, HOUR_MS);
    clock.wallMs += 400 * 24 * HOUR_MS;
    expect(jobs.judge("backup").outcome.reason).toBe("called 60m ago");
    wait(jobs, 23.5 * HOUR_MS);
    expect(reason(jobs)).toContain("late since 30m");
    wait(jobs, HOUR_MS);
    expect(result(jobs)).toBe("down");
    jobs.stop();
  });

  test("was behind at the start, as without a battery, and is then set", () => {
    const before = begin();
    call(before);
    before.stop();
    // Off for two days, of which the clock knows nothing.
    pass(1000);
    const after = begin();
    wait(after, 60_000);
    clock.wallMs += 48 * HOUR_MS;
    expect(result(after)).toBe("up");
    wait(after, 20 * HOUR_MS);
    expect(result(after)).toBe("up");
    after.stop();
  });

  test("is set back leaves nothing in the future", () => {
    const jobs = begin();
    call(jobs);
    wait(jobs, HOUR_MS);
    clock.wallMs -= 400 * 24 * HOUR_MS;
    expect(reason(jobs)).toBe("called 60m ago");
    wait(jobs, 25 * HOUR_MS);
    expect(result(jobs)).toBe("down");
    jobs.stop();
  });

  test("goes on while the machine sleeps: what may have been called then is not missed", () => {
    const jobs = begin();
    call(jobs);
    wait(jobs, HOUR_MS);
    pass(23.5 * HOUR_MS);
    expect(result(jobs)).toBe("up");
    wait(jobs, 5 * HOUR_MS);
    expect(result(jobs)).toBe("up");
    wait(jobs, 20 * HOUR_MS);
    expect(result(jobs)).toBe("down");
    jobs.stop();
  });
});
