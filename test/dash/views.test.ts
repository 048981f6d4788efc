import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reportHtml } from "../../src/dash/mod.ts";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";
import { fakeReport, fakeRun } from "./fake-data.ts";
import { TOKEN } from "./fake-instance.ts";

describe.if(hasBrowser())("the view of connections", () => {
  const stand = stage();

  test(
    "shows a page of ten thousand, sorted and searched by the instance",
    async () => {
      const page = await stand.open("#/connections");
      await sees(page, ".count", /1–50 of 10 000/);
      expect(await page.locator(".data tbody tr").count()).toBe(50);
      // What makes a page heavy is what is in it.
      expect(await page.locator("*").count()).toBeLessThan(2000);
      await page.getByRole("button", { name: "Write queue" }).click();
      await sees(page, ".data tbody tr:first-child td:nth-of-type(7)", /36 KiB/);
      expect(await page.locator('[aria-sort="descending"]').textContent()).toContain("Write queue");
      await page.getByRole("button", { name: "next page" }).click();
      await sees(page, ".count", /51–100 of 10 000/);
      await page.getByLabel("Search").fill("10.0.39.15:");
      await sees(page, ".count", /1–1 of 1 \(10 000 open\)/);
      await page.getByLabel("Search").fill("nobody");
      await sees(page, ".empty", /None of 10 000 connections matches “nobody”/);
    },
    TIMEOUT_MS,
  );

  test(
    "asks before it closes a connection, says where the token is, and takes it",
    async () => {
      stand.expected.push(/401/);
      const page = await stand.open("#/connections");
      await sees(page, ".count", /of 10 000/);
      const close = page.getByRole("button", { name: /^close the connection of/ }).first();
      await close.click();
      await page.getByRole("dialog", { name: "Close this connection?" }).waitFor();
      await sees(page, "dialog", /Close this connection\?.*10\.0\.0\.0:20000 on sink/);
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      expect(stand.instance.connections).toHaveLength(10_000);
      await close.click();
      await page.getByRole("button", { name: "Close it" }).click();
      await sees(page, "dialog", /needs the token.*file token of the data folder/);
      await page.getByLabel("Token").fill(` ${TOKEN}\n`);
      await page.getByRole("button", { name: "Close it" }).click();
      await sees(page, ".count", /of 9 999/);
    },
    TIMEOUT_MS,
  );

  test(
    "says what to do when none is open, and when authentication is required",
    async () => {
      stand.expected.push(/401|EventSource/);
      const page = await stand.open("about:blank");
      stand.instance.connections = [];
      await page.goto(`${stand.instance.url}#/connections`);
      await sees(page, ".empty", /No connection is open.*tenk load/);
      stand.instance.mood = "closed";
      await sees(page, ".problem", /Who asks\?.*file token of the data folder/);
    },
    TIMEOUT_MS,
  );
});

describe.if(hasBrowser())("the view of runs", () => {
  const stand = stage();

  test(
    "follows the run in progress, and lists past runs",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.runSecond = 20;
      await page.goto(`${stand.instance.url}#/runs`);
      await sees(page, ".live-run", /in progress · sending · 2\d s of 1 min.*127\.0\.0\.1:9091.*10 000 of 10 000/);
      await plot(page, "Latency of each second").locator("canvas").waitFor();
      expect(await page.getByRole("progressbar").getAttribute("value")).toMatch(/^0\.[34]/);
      await sees(page, ".data tbody", /✓ passed.*100k\/s.*✗ failed.*80k\/s/);
    },
    TIMEOUT_MS,
  );

  test(
    "shows a past run's report and charts",
    async () => {
      const page = await stand.open("#/runs");
      await sees(page, ".data tbody", /60\.4 s/);
      await page.locator(".data tbody a").nth(1).click();
      await sees(page, ".head", /127\.0\.0\.1:9091 ✗ failed.*rate>=95000\/s80000\/s/);
      await sees(page, ".report-grid", /Messages4 000 0005 000 000.*80 %.*1 200 dropped.*31 connect ECONNREFUSED/);
      await plot(page, "Connections and messages").hover({ position: { x: 300, y: 80 } });
      const read = await page
        .locator(".plot")
        .evaluateAll((plots) => plots.map((each) => each.getAttribute("aria-valuetext")));
      expect(new Set(read.map((words) => words!.split(":")[0])).size).toBe(1);
      expect(read[0]).toMatch(/^after \d+ s: connections 10 000, sent 8\d(\.\d)?k\/s/);
    },
    TIMEOUT_MS,
  );

  test(
    "shows two runs over each other",
    async () => {
      const page = await stand.open("#/runs");
      for (const index of [0, 1]) await page.getByRole("checkbox").nth(index).check();
      await page.getByRole("link", { name: "Compare both" }).click();
      await sees(page, ".data", /Sent a second100 00080 000−20 %, clearly worse.*Connect p991\.62 ms1\.62 mssame/);
      await sees(page, ".run-grid", /Messages sentAmean 8\d[\d.]*k\/s, max 1\d\dk\/sBmean 6\d[\d.]*k\/s/);
    },
    TIMEOUT_MS,
  );

  test(
    "says what to do when there is none, and that an unknown one does not exist",
    async () => {
      stand.expected.push(/404/);
      const page = await stand.open("about:blank");
      stand.instance.runs = [];
      await page.goto(`${stand.instance.url}#/runs`);
      await sees(page, ".empty", /No run yet.*tenk load/);
      await page.goto(`${stand.instance.url}#/runs/99`);
      await sees(page, ".problem", /There is no run 99/);
    },
    TIMEOUT_MS,
  );

  test(
    "is also one file, which needs no instance",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "tenk-report-"));
      try {
        const { series, startedAt } = fakeRun("1", Date.UTC(2026, 0, 2), 1, true);
        const report = { ...fakeReport(1, true), target: "</script><img src=x onerror=alert(1)>" };
        writeFileSync(join(folder, "report.html"), await reportHtml(report, series, { startedAt }));
        const page = await stand.open(`file://${join(folder, "report.html")}`, { scheme: "dark" });
        await sees(page, ".head", /<\/script><img src=x onerror=alert\(1\)> ✓ passed/);
        await plot(page, "Connections and messages").locator("canvas").waitFor();
        await plot(page, "Latency of each second").focus();
        await page.keyboard.press("ArrowLeft");
        expect(await plot(page, "Bytes").getAttribute("aria-valuetext")).toMatch(/^after 1 min/);
        await page.getByRole("button", { name: "Switch to light" }).click();
        expect(await page.evaluate("getComputedStyle(document.body).colorScheme")).toBe("light");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    TIMEOUT_MS,
  );
});

describe.if(hasBrowser())("the view of the log", () => {
  const stand = stage();

  test(
    "shows the last lines and new ones, by level, part and text",
    async () => {
      const page = await stand.open("#/log");
      await sees(page, ".log", /configuration read file=tenk\.yaml.*cannot be written/);
      expect(await page.locator(".line").count()).toBe(6);
      await sees(page, ".live", /live/);
      stand.instance.say({ level: "warn", part: "net", message: "said just now", fields: { count: 3 } });
      await sees(page, ".line:last-child", /! warn.*net.*said just now count=3/);
      stand.instance.dropStreams();
      await sees(page, ".live", /reconnecting/);
      await sees(page, ".live", /live/);
      expect(await page.getByText("said just now").count()).toBe(1);
      await page.getByLabel("Level").selectOption("warn");
      expect(await page.locator(".line").count()).toBe(3);
      await page.getByLabel("Part").selectOption("net");
      expect(await page.locator(".line").count()).toBe(2);
      await page.getByLabel("Text").fill("COUNT");
      await page.getByLabel("Text").fill("just");
      expect(await page.locator(".line").count()).toBe(1);
      await page.getByLabel("Text").fill("nothing like it");
      await sees(page, ".empty", /No line matches/);
    },
    TIMEOUT_MS,
  );

  test(
    "shows the day of a line that is not of today",
    async () => {
      const page = await stand.open("about:blank", { zone: "Asia/Kolkata" });
      const line = { level: "info", part: "app", message: "said", fields: {} } as const;
      // Midnight in Kolkata is 18:30 UTC.
      const midnight = Date.UTC(2025, 10, 2, 18, 30);
      stand.instance.log = [
        { ...line, t: midnight - 1000 },
        { ...line, t: midnight },
        { ...line, t: Date.now() },
      ];
      await page.goto(`${stand.instance.url}#/log`);
      await sees(page, ".log", /^2 Nov23:59:59.*3 Nov00:00:00/);
      expect(await page.locator(".line-day").count()).toBe(3);
    },
    TIMEOUT_MS,
  );

  test(
    "follows until the reader scrolls up, and again on request",
    async () => {
      const page = await stand.open("#/log", { height: 400 });
      await sees(page, ".log", /configuration read/);
      await sees(page, ".live", /live/);
      const line = (index: number) => ({ level: "info", part: "app", message: `line ${index}`, fields: {} }) as const;
      for (let index = 0; index < 60; index += 1) stand.instance.say(line(index));
      await sees(page, ".line:last-child", /line 59/);
      const rest = () =>
        page.evaluate<number>(
          "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.querySelector('.log'))",
        );
      expect(await rest()).toBeLessThan(24);
      await page.locator(".log").hover();
      await page.mouse.wheel(0, -400);
      await page.locator("input:not(:checked)").waitFor();
      // The wheel turns on for a while.
      await page.waitForTimeout(500);
      const before = await rest();
      stand.instance.say(line(60));
      await sees(page, ".line:last-child", /line 60/);
      expect(await rest()).toBeGreaterThan(before - 1);
      await page.getByLabel("Follow").check();
      await holds(
        page,
        "document.querySelector('.log').scrollHeight - document.querySelector('.log').scrollTop - document.querySelector('.log').clientHeight < 24",
      );
    },
    TIMEOUT_MS,
  );
});
