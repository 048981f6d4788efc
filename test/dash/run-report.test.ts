import { describe, expect, test } from "bun:test";
import { hasBrowser, holds, sees, stage, TIMEOUT_MS } from "./browser.ts";
import { fakeRun } from "./fake-data.ts";

describe.if(hasBrowser())("a run on the page", () => {
  const stand = stage();

  test(
    "has its plan and the reason of its failure in the list; a stopped one has not failed",
    async () => {
      const page = await stand.open("#/runs");
      await sees(
        page,
        ".picked tbody tr:nth-child(1) .target",
        /^127\.0\.0\.1:909110 000 connections at 1k\/s, 10\/s each, "PING/,
      );
      expect(await page.locator(".picked .reason").allTextContents()).toEqual(["Does not hold: p99<5ms."]);
      const stopped = fakeRun("13", Date.now(), 1, false);
      const verdict = { pass: false, reason: "it was stopped before its time", checks: [] };
      stand.instance.runs = [{ ...stopped, report: { ...stopped.report, endedBy: "stopped", verdict } }];
      await page.reload();
      await sees(page, ".verdict-cell", /^■ stoppedIt was stopped before its time\.$/);
    },
    TIMEOUT_MS,
  );

  test(
    "has its plan, a command that a click copies, and its verdict in one sentence",
    async () => {
      const page = await stand.open("about:blank");
      const run = fakeRun("11", Date.now(), 0.8, false);
      const generator = { ...run.report.generator, saturated: true, saturation: ["CPU 97% of a core"] };
      const reason =
        "does not hold: late+dropped<=0.1%; late: 500 waited for earlier answers, 100 because this generator was behind; the generator was the limit (CPU 97% of a core)";
      const messages = { ...run.report.messages, lateForReply: 500, droppedBy: { old: 0, full: 1200 }, unexpected: 3 };
      const verdict = { ...run.report.verdict, reason };
      stand.instance.runs = [
        { ...run, report: { ...run.report, generator, messages, verdict, server: null, serverNote: "no box answers" } },
      ];
      await page.goto(`${stand.instance.url}#/runs/11`);
      expect(await sees(page, ".head .reason", /./)).toBe(`D${reason.slice(1)}.`);
      expect(await page.locator(".head").getByText("the limit", { exact: false }).count()).toBe(1);
      await sees(page, ".head .plan", /^Plan 10 000 connections at 1k\/s, 10\/s each, "PING\\r\\n" of 64 B, 50 s$/);
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: /: copy the command$/ }).click();
      await sees(page, ".head .command [role=status]", /^copied$/);
      expect(await page.evaluate<string>("navigator.clipboard.readText()")).toBe(run.report.command!);
      const counts = await page.locator(".counts li").allTextContents();
      for (const wanted of ["500 late: waited for earlier answers", "1 200 dropped: full", "3 unexpected replies"])
        expect(counts).toContain(wanted);
      await page.getByText("Target: no box answers").waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "over WebSocket has its pings, its close codes and its errors",
    async () => {
      const page = await stand.open("about:blank");
      const run = fakeRun("14", Date.now(), 0.8, false);
      const protocol = {
        kind: "ws" as const,
        messages: 5000,
        contentBytes: 20_000,
        pings: { sent: 40, answered: 38, received: 0 },
        closes: { 1000: 9, "no close frame": 1 },
        errorsBy: { "a frame is masked": 2 },
        latencyUs: { ping: run.report.latencyUs.message },
      };
      stand.instance.runs = [{ ...run, report: { ...run.report, kind: "ws", protocol } }];
      await page.goto(`${stand.instance.url}#/runs/14`);
      await sees(
        page,
        ".answers",
        /^5 000 messages came back40 pings38 pongs9 closed with 10001 closed: no close frame$/,
      );
      expect(await page.locator(".counts li").allTextContents()).toContain("2 errors: a frame is masked");
      await page.getByText("of content came back; pongs took", { exact: false }).waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "over HTTP has its answers by status, its errors, and its model",
    async () => {
      const page = await stand.open("about:blank");
      const run = fakeRun("12", Date.now(), 0.8, false);
      const protocol = {
        kind: "http" as const,
        model: "closed",
        perSecond: 1234,
        status: { 200: 5000, 503: 12 },
        wrongStatus: 12,
        wrongBody: null,
        errorsBy: { "first byte timeout": 7 },
        version: "2",
        url: "https://box.local/a",
        requests: [
          { name: "GET /a", sent: 12, errors: 7, status: { 503: 12 }, latencyUs: { p50: 1000, p90: 2000, p99: 3000 } },
          {
            name: "GET /b",
            sent: 5000,
            errors: 0,
            status: { 200: 5000 },
            latencyUs: { p50: 1500, p90: 2500, p99: 3500 },
          },
        ],
      };
      stand.instance.runs = [{ ...run, report: { ...run.report, kind: "http", protocol } }];
      await page.goto(`${stand.instance.url}#/runs/12`);
      await sees(page, ".answers", /^5 000 with 20012 with 50312 with a status that is not expected$/);
      expect(await page.locator(".counts li").allTextContents()).toContain("7 errors: first byte timeout");
      expect(await page.locator(".requests tbody tr").allTextContents()).toEqual([
        "GET /b5 0001.5 ms2.5 ms3.5 ms05 000 200",
        "GET /a121 ms2 ms3 ms712 503",
      ]);
      expect(await page.locator(".head h2").textContent()).toStartWith("https://box.local/a");
      expect(await page.locator(".head .note").first().textContent()).toContain("HTTP/2");
      const rows = await page.locator(".latency tbody th").allTextContents();
      expect(rows.filter((name) => /^(Message|Service|Sending)/.test(name))).toEqual([]);
      expect(await page.locator(".report-grid").textContent()).not.toContain("essage");
      await page.getByRole("heading", { name: "Connections and requests" }).waitFor();
      await page
        .getByText("answers a second, each asked for when the one before had come (closed model)", { exact: false })
        .waitFor();
    },
    TIMEOUT_MS,
  );

  test.each([
    [390, "light"],
    [390, "dark"],
    [1440, "light"],
  ] as const)(
    "with a long plan, command and reason stays within %d pixels, %s",
    async (width, scheme) => {
      const page = await stand.open("about:blank", { width, scheme });
      const run = fakeRun("11", Date.now(), 0.8, false);
      const long = "x".repeat(80);
      const report = {
        ...run.report,
        plan: { ...run.report.plan, message: long },
        command: `tenk load tcp 127.0.0.1:9091 -m ${long.repeat(3)} ${"--expect p99<5ms ".repeat(9)}`,
        verdict: { ...run.report.verdict, reason: `does not hold: ${"late+dropped<=0.1%, ".repeat(9)}${long}` },
      };
      stand.instance.runs = [
        { ...run, report },
        { ...run, id: "12", report },
      ];
      for (const [view, there] of [
        ["#/runs", ".picked .reason"],
        ["#/runs/11", ".head .command"],
        ["#/runs/11/12", ".compared .plan"],
      ] as const) {
        await page.goto(`${stand.instance.url}${view}`);
        await page.locator(there).first().waitFor();
        await holds(page, "document.documentElement.scrollWidth <= innerWidth");
        const box = (await page.locator(there).first().boundingBox())!;
        expect(box.x + box.width).toBeLessThanOrEqual(width);
      }
    },
    TIMEOUT_MS,
  );
});
