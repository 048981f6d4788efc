import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FinishedRun, openRuns } from "../../src/app/mod.ts";
import { WRITER } from "../../src/cli/report-text.ts";
import { planDifferences } from "../../src/dash/mod.ts";
import { dataHome, startTenk, tenk, withFolder } from "./tenk.ts";

describe("tenk runs", () => {
  test("lists what tenk load kept, shows it and compares it, with an instance and without", async () => {
    const box = startTenk(["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
    const [line] = await box.sees("stdout", /^.*\n/);
    const { statusUrl, listeners } = JSON.parse(line) as { statusUrl: string; listeners: { port: number }[] };
    const run = ["-c", "5", "-r", "10", "-m", "ping", "-T", "2s", "--expect", "connections=all"];
    const words = ["load", "tcp", `127.0.0.1:${listeners[0]!.port}`, ...run];
    const first = startTenk([...words, "--stats-url", statusUrl, "--no-live"]);
    const progress = async () => (await (await fetch(`${statusUrl}api/runs/live`)).json()) as { run: unknown };
    while ((await progress()).run === null) await Bun.sleep(20);
    expect(await progress()).toMatchObject({ run: { snapshot: { connections: { wanted: 5 } } } });
    expect((await first.ended).stderr).toMatch(/run kept id=\d+/);
    expect(await progress()).toEqual({ run: null });
    const { runs } = (await (await fetch(`${statusUrl}api/runs`)).json()) as {
      runs: { id: string; verdict: string }[];
    };
    const a = runs[0]!.id;
    expect(runs[0]).toMatchObject({ verdict: "pass", connections: 5 });
    const whole = (await (await fetch(`${statusUrl}api/runs/${a}`)).json()) as FinishedRun;
    expect(whole.series.elapsedMs.length).toBeGreaterThan(1);
    box.child.kill("SIGINT");
    expect((await box.ended).code).toBe(0);

    // Nothing listens there now: the run fails, and is kept all the same.
    expect((await tenk([...words, "-T", "100ms", "--stats-url", "none", "--no-live"])).stderr).toContain("run kept");
    const list = await tenk(["runs", "--json"]);
    const ids = (JSON.parse(list.stdout) as { runs: { id: string; verdict: string }[] }).runs.map(({ id }) => id);
    expect(ids).toContain(a);
    const failed = JSON.parse(list.stdout).runs[0];
    expect(failed).toMatchObject({ verdict: "fail", plan: { message: "ping", connections: 5 } });
    expect(failed.reason).toContain("connections=all");
    const { report } = JSON.parse((await tenk(["runs", "show", a, "--json"])).stdout);
    expect(report.command).toBe(`tenk ${words.join(" ")} --stats-url ${statusUrl} --no-live`);
    const listed = (await tenk(["runs"])).stdout;
    expect(listed).toMatch(/^id +when +target/);
    expect(listed).toMatch(/ fail +does not hold: connections=all/);
    expect((await tenk(["runs", "show", a])).stdout).toContain("5 opened");
    const compared = await tenk(["runs", "compare", a, ids[0]!]);
    const plan = `tcp 127\\.0\\.0\\.1:${listeners[0]!.port} {2}5 connections at 100/s, 10/s each, "ping" of 4 B`;
    expect(compared.stdout).toMatch(new RegExp(`^${a} +${plan}, 2s\n${ids[0]} +${plan}, 100ms\n`));
    expect(compared.stdout).toMatch(/^the plans differ in duration \(2s, 100ms\): /m);
    expect(compared.stdout).toMatch(/^connections held +5 +0 +-100% +clearly worse$/m);
    const json = await tenk(["runs", "compare", a, a, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ plans: { b: { connections: 5 } }, planDifferences: [] });
    expect((await tenk(["runs", "compare", a, a])).stdout).not.toContain("differ in");
    expect(JSON.parse(json.stdout).differences[0]).toMatchObject({ change: 0, verdict: "same" });
    expect((await tenk(["runs", "show", "0"])).code).toBe(2);
    expect(dataHome()).not.toBe("");
  }, 30_000);

  test("have plans that differ in every part", () => {
    const plan = {
      connections: 5,
      ratePerConnection: 10,
      connectRate: 100,
      durationMs: 500,
      totalRate: 0,
      shape: "constant",
      workers: 1,
      message: "ping",
      messageBytes: 4,
    };
    const one = { target: "a:1", plan };
    const other = {
      ratePerConnection: 0,
      connectRate: 50,
      durationMs: null,
      totalRate: 7,
      shape: "poisson",
      workers: 2,
      connections: 6,
      message: null,
    };
    expect(planDifferences(one, one, WRITER)).toEqual([]);
    const told = planDifferences(one, { target: "b:1", plan: other }, WRITER).map(
      ({ name, text }) => `${name} ${text}`,
    );
    expect(told).toEqual([
      "target a:1,b:1",
      "connections 5,6",
      "connect rate 100/s,50/s",
      "rate of each 10/s,none",
      "rate in all none,7/s",
      "shape constant,poisson",
      'message "ping" of 4 B,no message',
      "duration 500ms,until ended",
      "workers 1,2",
    ]);
  });

  test("are not kept with --no-save", async () => {
    const before = (await tenk(["runs", "--json"])).stdout;
    await tenk([
      "load",
      "tcp",
      "127.0.0.1:1",
      "-c",
      "1",
      "-T",
      "100ms",
      "--no-save",
      "--stats-url",
      "none",
      "--no-live",
    ]);
    expect((await tenk(["runs", "--json"])).stdout).toBe(before);
  });
});

test("tenk password prints a hash of what is piped in", async () => {
  const child = startTenk(["password"], { input: "pipe" });
  child.child.stdin!.end("correct horse\nsecond line");
  const { stdout, code } = await child.ended;
  expect(code).toBe(0);
  expect(await Bun.password.verify("correct horse", stdout.trim())).toBe(true);
});

test("an instance that writes nothing keeps a run in memory, and the load test says where it is seen", async () => {
  await withFolder(async (folder) => {
    const any = '{ listen: "127.0.0.1:0" }';
    writeFileSync(join(folder, "tenk.yaml"), `tcp: { a: ${any} }\ndashboard: ${any}\ndata: { history: false }\n`);
    const box = startTenk(["up", "--json"], { cwd: folder });
    const [line] = await box.sees("stdout", /^.*\n/);
    const { statusUrl, listeners } = JSON.parse(line) as { statusUrl: string; listeners: { port: number }[] };
    const words = ["load", "tcp", `127.0.0.1:${listeners[0]!.port}`, "-r", "10", "-m", "ping", "-T", "500ms"];
    const { stderr } = await tenk([...words, "--stats-url", statusUrl, "--no-live"]);
    expect(stderr).toContain(`run kept by the instance, in memory only id=m1 show=${statusUrl}#/runs/m1\n`);
    box.child.kill("SIGINT");
    await box.ended;
  });
});

test("tenk runs tells a run in a line, its times in their units", async () => {
  await withFolder(async (folder) => {
    const report = {
      target: "box:9091",
      plan: { connections: 5 },
      connections: { peak: 5 },
      messages: { perSecondSent: 1234.5 },
      latencyUs: { message: { p99: 3000 } },
      timing: { connectMs: 500, sendMs: 2000, drainMs: 500 },
      verdict: { pass: true, reason: "" },
    };
    const { runs, stop } = openRuns(folder);
    const run = { startedAt: Date.UTC(2026, 0, 2, 3, 4), report, series: { elapsedMs: [], columns: {} } };
    await runs.add(run as unknown as FinishedRun);
    await stop();
    const { stdout } = await tenk(["runs", "--data", folder]);
    expect(stdout).toMatch(/^ *1 +2026-01-02 03:04 +box:9091 +5 +1235 +3ms +3s +pass$/m);
  });
});

test("tenk runs says why it cannot read, and does not call that nothing", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const [none, wrong] = [await tenk(["runs", "--data", join(folder, "none")]), await tenk(["runs", "--data", file])];
    expect(none).toMatchObject({ code: 2, stdout: "" });
    expect(none.stderr).toBe(
      `tenk: Cannot read the load tests in ${folder}/none: there is no such directory (--data FOLDER names another)\n`,
    );
    expect(wrong.stderr).toContain(`in ${file}: a part of its path is not a directory`);
  });
});
