import { describe, expect, test } from "bun:test";
import type { Report } from "../../src/load/mod.ts";
import { type Ended, isGone, startTenk, tenk } from "./tenk.ts";

const SMALL = ["demo", "-c", "50", "--connect-rate", "1k", "-r", "10"];

/**
 * Whether all held but one: that next to no message goes out 100 ms late, which a machine that holds programs up for longer
 * breaks by itself.
 */
function holds({ code, stdout, stderr }: Ended): boolean {
  const said = stdout + stderr;
  const broken = [...said.matchAll(/^FAIL +(\S+) +got /gm)].map(([, check]) => check);
  const isHeldUp = broken.join() === "late+dropped<=0.1%";
  return isHeldUp ? code === 1 : code === 0 && /^PASS/m.test(said);
}

describe("tenk demo", () => {
  test("runs an instance and a load in two processes, passes, and leaves nothing behind", async () => {
    const ended = await tenk([...SMALL, "-T", "500ms", "--json", "-"]);
    const { stdout, stderr } = ended;
    const report = JSON.parse(stdout) as Report;
    expect(report.connections).toMatchObject({ opened: 50, peak: 50, failed: 0, lost: 0 });
    expect(report.server?.received).toBe(report.messages.sent);
    expect(stderr).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+ {2}sink, process \d+$/m);
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/now {2}\/healthz \/metrics \/api\/status$/m);
    expect(holds(ended)).toBe(true);
    expect(await isGone(Number(/process (\d+)/.exec(stderr)?.[1]))).toBe(true);
  });

  test("says how many connections were lost and why when the instance is killed, and exits 1", async () => {
    const run = startTenk([...SMALL, "-T", "1h", "--json", "-"]);
    const [, pid] = await run.sees("stderr", /process (\d+)/);
    await run.sees("stderr", /sending/);
    process.kill(Number(pid), "SIGKILL");
    const { code, stdout, stderr } = await run.ended;
    const report = JSON.parse(stdout) as Report;
    expect(report.connections.lost).toBe(50);
    expect(Object.values(report.connections.byCause).reduce((sum, each) => sum + each, 0)).toBe(50);
    expect(report.verdict.pass).toBe(false);
    expect(stderr).toContain("50 lost");
    expect(code).toBe(1);
  });

  test("stopped before its time has not passed, and does not exit as if", async () => {
    const run = startTenk([...SMALL, "-T", "1h"]);
    await run.sees("stderr", /sending/);
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect(stdout).toContain("it was stopped before its time");
    // Late messages on a machine that holds programs up have broken an expectation until then.
    expect([code, /^(STOPPED|FAIL) /m.exec(stdout)?.[1]]).toEqual(
      /^FAIL +\S+ +got /m.test(stdout) ? [1, "FAIL"] : [130, "STOPPED"],
    );
  });

  test("killed itself, takes its instance with it", async () => {
    const run = startTenk([...SMALL, "-T", "1h"]);
    const [, pid] = await run.sees("stderr", /process (\d+)/);
    run.child.kill("SIGKILL");
    await run.ended;
    expect(await isGone(Number(pid))).toBe(true);
  });

  test("keeps the instance up after the report where asked, until Ctrl-C", async () => {
    const run = startTenk([...SMALL, "-T", "300ms", "--keep"]);
    const [, statusUrl] = await run.sees("stderr", /tenk stays up at (\S+) until Ctrl-C/);
    expect((await fetch(`${statusUrl}healthz`)).status).toBe(200);
    run.child.kill("SIGINT");
    expect(holds(await run.ended)).toBe(true);
    expect(await fetch(`${statusUrl}healthz`).catch(() => "gone")).toBe("gone");
  });

  test("beside an instance that is up keeps its load test, and warns of nothing", async () => {
    const instance = startTenk(["up", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json"]);
    try {
      await instance.sees("stdout", /\n/);
      const ended = await tenk([...SMALL, "-T", "300ms"]);
      expect(holds(ended)).toBe(true);
      const { stderr } = ended;
      // Other programs of this machine may hold the usual ports.
      expect(stderr.split("\n").filter((line) => / WARN {2}(?!(app|tcp) port in use)/.test(line))).toEqual([]);
      const [, id] = /run kept id=(\d+) /.exec(stderr)!;
      expect((await tenk(["runs", "show", id!])).stdout).toContain("50 opened");
    } finally {
      instance.child.kill("SIGTERM");
    }
    expect((await instance.ended).stderr).not.toContain("WARN");
  });
});
