import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { VERSION } from "../../src/app/mod.ts";
import type { Report } from "../../src/load/mod.ts";
import { freePort } from "../net/support.ts";
import { startTenk, type Tenk, tenk, withFolder } from "./tenk.ts";

/** Not that next to no message goes out 100 ms late: a busy machine holds a program up for longer. */
const ON_ANY_MACHINE = ["connections=all", "lost=0", "failed=0"].flatMap((each) => ["--expect", each]);
const QUICK = ["-c", "20", "--connect-rate", "1k", "-r", "20", "-m", "ping", "-T", "500ms", ...ON_ANY_MACHINE];
let box: Tenk;
let target: string;
let statusUrl: string;

beforeAll(async () => {
  box = startTenk(["up", "--json", "--listen", "127.0.0.1:0", "--handler", "echo", "--dashboard", "127.0.0.1:0"]);
  const ready = JSON.parse((await box.sees("stdout", /^.*\n/))[0]);
  target = `127.0.0.1:${ready.listeners[0].port}`;
  statusUrl = ready.statusUrl;
});

afterAll(async () => {
  box.child.kill("SIGTERM");
  await box.ended;
});

describe("tenk load tcp", () => {
  test("writes its report with charts as one page that asks for nothing", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "report.html");
      const { code } = await tenk([
        "load",
        "tcp",
        target,
        ...QUICK,
        "--stats-url",
        "none",
        "--no-save",
        "--html",
        file,
      ]);
      expect(code).toBe(0);
      const page = readFileSync(file, "utf8");
      expect(page).toStartWith("<!doctype html>");
      expect(page).toContain("default-src 'none'");
      expect(page).toContain(target);
      expect(page).not.toMatch(/(?:src|href)="https?:/);
      const nowhere = join(folder, "missing", "report.html");
      const refused = await tenk(["load", "tcp", target, ...QUICK, "--html", nowhere]);
      expect([refused.code, refused.stderr.includes(nowhere)]).toEqual([2, true]);
    });
  });

  test("prints its report even where the page cannot be written any more", async () => {
    await withFolder(async (folder) => {
      // The longest name there is: what is written beside it first has a longer one.
      const file = join(folder, `${"r".repeat(250)}.html`);
      const ended = await tenk(["load", "tcp", target, ...QUICK, "--stats-url", "none", "--no-save", "--html", file]);
      expect(ended.stdout).toContain("\nPASS");
      expect(ended.stderr).toContain(`tenk: Cannot write ${file}: `);
      expect(ended.code).toBe(2);
    });
  });

  test("holds, sends, counts at both ends, and passes", async () => {
    const { code, stdout, stderr } = await tenk([
      "load",
      "tcp",
      target,
      ...QUICK,
      "--stats-url",
      statusUrl,
      "--json",
      "-",
    ]);
    const report = JSON.parse(stdout) as Report;
    expect(report.connections).toMatchObject({ opened: 20, peak: 20, held: 20, failed: 0, lost: 0 });
    expect(Date.now() - Date.parse(report.startedAt)).toBeWithin(0, 60_000);
    expect(report.version).toBe(VERSION);
    expect(report.messages.sent).toBeGreaterThan(0);
    expect(report.bytes.sent).toBe(4 * report.messages.sent);
    expect(report.server).toMatchObject({ received: report.messages.sent, bytesReceived: report.bytes.sent });
    expect(stderr).toContain("= sent");
    expect(stderr).toMatch(/\nPASS/);
    expect(code).toBe(0);
  });

  test("prints the report for people on standard output, and writes JSON to a file", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "report.json");
      const words = [
        "--latency-marker",
        "ping",
        "--expect",
        "lost=0",
        "--expect",
        "unanswered=0",
        "--latency-percentiles",
        "50,75,90,99,99.9,100",
        "--json",
        file,
        "--stats-url",
        "none",
      ];
      const { code, stdout } = await tenk(["load", "tcp", target, ...QUICK, ...words]);
      const report = JSON.parse(readFileSync(file, "utf8")) as Report;
      expect(report.latencyUs.message.count).toBe(report.messages.sent);
      expect(stdout).toContain("message, from its planned moment");
      // Percentiles that are always there are there once.
      expect(stdout).toMatch(/^latency +p50 +p90 +p99 +p99\.9 +max +p75 +count$/m);
      expect(stdout).toMatch(/^pass +lost=0 +got 0$/m);
      expect(code).toBe(0);
    });
  });

  test("exits 1 when an expectation breaks, and says which", async () => {
    const { code, stdout } = await tenk([
      "load",
      "tcp",
      target,
      ...QUICK,
      "--stats-url",
      "none",
      "--expect",
      "connections=21",
    ]);
    expect(stdout).toMatch(/^FAIL +connections=21 +got 20$/m);
    expect(code).toBe(1);
  });

  test("refuses a box that is named and does not answer, before anything is opened", async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    const words = ["load", "tcp", target, ...QUICK, "--no-save", "--stats-url"];
    const silent = await tenk([...words, `http://${nowhere}`]);
    expect([silent.code, silent.stdout]).toEqual([2, ""]);
    expect(silent.stderr).toContain(
      `tenk: --stats-url: no tenk instance answers at ${nowhere} (expected the address of the target's dashboard`,
    );
  });

  test("exits 1 when nothing listens, and says why", async () => {
    const { code, stdout } = await tenk([
      "load",
      "tcp",
      `127.0.0.1:${await freePort()}`,
      ...QUICK,
      "--stats-url",
      "none",
    ]);
    expect(stdout).toContain("20 connect ECONNREFUSED");
    expect(code).toBe(1);
  });

  test("goes on with a server that closes after each reply where it may connect again, and counts each", async () => {
    const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end("yes\n")));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const closing = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const words = ["load", "tcp", closing, "-c", "2", "--connect-rate", "1k", "-r", "20", "-m", "hi", "-T", "1s"];
    const quiet = ["--wait-reply", "--stats-url", "none", "--no-save", "--no-live", "--json", "-"];
    const again = await tenk([...words, ...quiet, "--reconnect", "--expect", "reopened>5"]);
    const { connections, messages } = JSON.parse(again.stdout) as Report;
    expect(connections.reopened).toBe(connections.opened - 2);
    // A request that was due when the server had just closed has no answer.
    expect([connections.lost >= connections.reopened, messages.answered > 5]).toEqual([true, true]);
    expect(messages.answered + messages.unanswered).toBe(messages.sent);
    expect(again.stderr).toMatch(/ of them again {2}2 held/);
    expect(again.code).toBe(0);
    const left = await tenk([...words, ...quiet]);
    expect(left.stderr).toMatch(/; no connection was left after \S+ of 1s: all connections were lost \(--reconnect /);
    expect([left.code, (JSON.parse(left.stdout) as Report).connections.opened]).toEqual([1, 2]);
    server.close();
  });

  test("ends early at Ctrl-C, with a full report", async () => {
    const words = [
      "-c",
      "5",
      "--connect-rate",
      "1k",
      "-r",
      "10",
      "-m",
      "ping",
      "-T",
      "1h",
      "--stats-url",
      statusUrl,
      "--json",
      "-",
    ];
    const run = startTenk(["load", "tcp", target, ...words]);
    await run.sees("stderr", /sending/);
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    const report = JSON.parse(stdout) as Report;
    expect(report.endedBy).toBe("stopped");
    expect(report.server?.bytesReceived).toBe(report.bytes.sent);
    // Stopped before it could tell, unless something broke until then, as on a machine that held it up.
    const isBroken = report.verdict.checks.some(({ pass }) => !pass);
    expect([code, report.verdict.pass]).toEqual([isBroken ? 1 : 130, false]);
    expect(stderr).toMatch(isBroken ? /\nFAIL {2}/ : /\nSTOPPED {2}.* before its time/);
  });

  test("of a plan without an end, Ctrl-C is the end", async () => {
    const words = [
      "-c",
      "2",
      "-r",
      "10",
      "-m",
      "ping",
      "-T",
      "-1",
      "--stats-url",
      "none",
      "--no-save",
      ...ON_ANY_MACHINE,
    ];
    const run = startTenk(["load", "tcp", target, ...words]);
    await run.sees("stderr", /sending/);
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining("\nPASS")]);
  });

  test("finds the limit, and who set it", async () => {
    const words = ["-c", "1", "-T", "100ms", "--stats-url", "none", "--find-limit", "--vary", "connections"];
    const { code, stdout, stderr } = await tenk(["load", "tcp", target, ...words, "--expect", "connections<2"]);
    expect(stderr).toMatch(/^pass {2}at 1 /m);
    expect(stderr).toMatch(/^FAIL {2}at 2 .*connections<2/m);
    // A machine that held the generator up meanwhile is to blame, and is blamed.
    const by = /^FAIL +2 .*the generator was the limit/m.test(stdout)
      ? "this generator, not by the target"
      : "the target";
    expect(stdout).toContain(`limit 1 connections, broken at 2 connections, limited by ${by}\n`);
    // What the target can stand was found only where it was the limit.
    expect(code).toBe(by === "the target" ? 0 : 1);
    expect(stdout).toMatch(by === "the target" ? /^PASS/m : /^NOT FOUND {2}the limit of the target was not found/m);
  });

  test("shows the traffic of one connection", async () => {
    const words = [
      "-c",
      "2",
      "-r",
      "5",
      "-em",
      "a\\n",
      "-T",
      "500ms",
      "--stats-url",
      "none",
      "--dump-one",
      ...ON_ANY_MACHINE,
    ];
    const { code, stderr } = await tenk(["load", "tcp", target, ...words]);
    expect(stderr).toContain("> #0 a\\n\n");
    expect(stderr).toContain("< #0 a\\n\n");
    expect(stderr).not.toContain("#1");
    expect(code).toBe(0);
  });

  test("refuses what this machine cannot carry, with the command that changes it", async () => {
    const { code, stdout, stderr } = await tenk(["load", "tcp", target, "-c", "9m"]);
    expect(stderr).toMatch(/^tenk: The plan does not fit this machine: 9M connections .* \(sudo .*\)$/m);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test.each([
    [["-m", ""], "the message is empty"],
    [["-r", "0.001", "-m", "x", "-T", "1s"], "no message is due"],
    [["-m", "\\{connection.uuid}"], "connection.uid"],
    [["--json", "/nowhere/report.json"], "Cannot write /nowhere/report.json"],
    [["--expect", "p9x<1ms"], "p9x"],
    [
      ["--expect", "p99<50"],
      'tenk: --expect: Cannot read the expectation "p99<50": Cannot read "50" as a duration (expected a time with its unit, such as 50ms)',
    ],
    [["--stats-url", "localhost"], "--stats-url"],
    [["--ws"], "tenk load ws ws://HOST:PORT/PATH takes the other options"],
  ])("%j is refused before anything is opened", async (words, part) => {
    const { code, stdout, stderr } = await tenk(["load", "tcp", target, ...words]);
    expect(stderr).toContain(part);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
