import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { Report } from "../../src/load/mod.ts";
import { isGone, startTenk, tenk } from "./tenk.ts";

const SMALL = ["demo", "http", "-c", "8", "-d", "400ms"];

/** Resolves when the port is taken, by us or by another program. */
async function taken(port: number): Promise<Disposable> {
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve).once("error", resolve));
  return { [Symbol.dispose]: () => void server.close() };
}

describe("tenk demo http", () => {
  test("asks tenk's own site over HTTPS, verified by the local CA, and passes", async () => {
    const { code, stdout, stderr } = await tenk([...SMALL, "--json", "-"]);
    const report = JSON.parse(stdout) as Report;
    expect(stderr).toMatch(/^https:\/\/localhost:\d+\/ {2}own site, certificate of the local CA, process \d+$/m);
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/now {2}\/healthz \/metrics \/api\/status$/m);
    expect(report.protocol).toMatchObject({ kind: "http", version: "1.1", model: "closed", errors: 0, wrongStatus: 0 });
    expect(report.protocol).toHaveProperty("url", expect.stringMatching(/^https:\/\/localhost:\d+\/$/));
    expect(report.protocol).toHaveProperty("status.200", report.messages.answered);
    expect(report.messages.answered).toBeGreaterThan(8);
    expect(report.protocol?.latencyUs.tls?.count).toBe(8);
    expect(report.server).toMatchObject({ received: report.messages.sent, requests: { missing: 0 } });
    expect([code, report.verdict.pass]).toEqual([0, true]);
  });

  test("takes other ports where its own are in use, and says so; HTTP/2 with planned requests", async () => {
    using _https = await taken(8443);
    using _dashboard = await taken(9190);
    const run = await tenk([...SMALL, "--http2", "-p", "2", "-R", "100", "--json", "-"]);
    expect(run.stderr).toMatch(/port in use.*port=8443/);
    expect(run.stderr).toMatch(/^https:\/\/localhost:(?!8443\/)\d+\/ /m);
    const report = JSON.parse(run.stdout) as Report;
    expect(report.protocol).toMatchObject({ version: "2", model: "open", perConnection: 2, errors: 0 });
    expect(report.messages.planned).toBe(40);
  });

  test("works where the data folder cannot be written: its CA is then in memory", async () => {
    const { code, stdout } = await startTenk(SMALL, { env: { XDG_DATA_HOME: "/proc/none" } }).ended;
    expect(stdout).toMatch(/^PASS/m);
    expect(code).toBe(0);
  });

  test("stopped while it sends, it has not passed, and leaves nothing behind", async () => {
    const run = startTenk([...SMALL, "-d", "1h"]);
    const [, pid] = await run.sees("stderr", /process (\d+)/);
    await run.sees("stderr", /sending/);
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect(stdout).toMatch(/^STOPPED .*it was stopped before its time/m);
    expect(code).toBe(130);
    expect(await isGone(Number(pid))).toBe(true);
  });

  test("stopped before it sends, it ends at once, and leaves nothing behind", async () => {
    const run = startTenk([...SMALL, "-d", "1h"]);
    const [, pid] = await run.sees("stderr", /process (\d+)/);
    run.child.kill("SIGINT");
    const { code } = await run.ended;
    // By the signal, or with a report where the run had begun.
    expect([null, 130]).toContain(code);
    expect(await isGone(Number(pid))).toBe(true);
  });

  test("keeps the site up after the report where asked", async () => {
    const run = startTenk([...SMALL, "--keep"]);
    const [url] = await run.sees("stderr", /https:\/\/localhost:\d+\//);
    await run.sees("stderr", /tenk stays up at \S+ until Ctrl-C/);
    const tls = { rejectUnauthorized: false };
    expect(await (await fetch(url, { tls } as RequestInit)).text()).toContain("GET /");
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(0);
  });

  test("refuses streams without HTTP/2, as load http does", async () => {
    const { code, stderr } = await tenk([...SMALL, "-p", "4"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("-p needs --http2")]);
  });
});
