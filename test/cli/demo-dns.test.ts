import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Report } from "../../src/load/mod.ts";
import { isGone, startTenk, tenk } from "./tenk.ts";

const SMALL = ["demo", "dns", "-c", "4", "-l", "0.4", "--no-live"];

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("tenk-demo-dns-"));
}

test("tenk demo dns asks a name server of its own, every answer is right, and nothing is left behind", async () => {
  const before = folders();
  const { code, stdout, stderr } = await tenk([...SMALL, "--json", "-"]);
  const report = JSON.parse(stdout) as Report;
  expect(stderr).toMatch(/^dns:\/\/127\.0\.0\.1:\d+ {2}1000 local names, 1000 blocked ones, process \d+$/m);
  expect(report.protocol).toMatchObject({ kind: "dns", mode: "udp", model: "closed", errors: 0, wrongRcode: 0 });
  expect(report.protocol).toHaveProperty("rcodes", { NOERROR: report.messages.answered });
  expect(report.protocol).toMatchObject({ files: [{ name: "local" }, { name: "blocked" }] });
  expect(report.messages.answered).toBeGreaterThan(100);
  expect(report.server).toMatchObject({ received: report.messages.sent });
  expect(report.verdict.checks.map(({ expect: text }) => text)).toContain("server.received>=sent");
  expect([code, report.verdict.pass]).toEqual([0, true]);
  expect(folders()).toEqual(before);
});

test("tenk demo dns stopped while it sends has not passed, and leaves nothing behind", async () => {
  const run = startTenk([...SMALL, "-l", "3600"]);
  const [, pid] = await run.sees("stderr", /process (\d+)/);
  await run.sees("stderr", /sending/);
  run.child.kill("SIGINT");
  const { code, stdout } = await run.ended;
  expect(stdout).toMatch(/^STOPPED .*it was stopped before its time/m);
  expect(code).toBe(130);
  expect(await isGone(Number(pid))).toBe(true);
});
