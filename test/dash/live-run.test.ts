import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { startTenk } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { hasBrowser, holds, launchBrowser, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const CURVES = "Connections and messages";

/** What a chart of a run says of its first moment, and of its last. */
async function endsOf(page: Page): Promise<{ readonly first: string; readonly last: string }> {
  const chart = plot(page, CURVES);
  await chart.locator("canvas").waitFor();
  const at = async (key: string) => {
    await chart.press(key);
    return (await chart.getAttribute("aria-valuetext")) ?? "";
  };
  return { first: await at("Home"), last: await at("End") };
}

/** `after 4 s` → 4 */
function secondOf(words: string): number {
  return Number(/^after ([\d.]+) s:/.exec(words)?.[1]);
}

describe.if(hasBrowser())("the page of a run in progress", () => {
  const stand = stage();

  test(
    "shows all of it after the stream was interrupted",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.runSecond = 20;
      await page.goto(`${stand.instance.url}#/runs`);
      await sees(page, ".live-run", /in progress · sending · 2\d s/);
      stand.instance.dropStreams();
      const before = stand.instance.runSecond;
      await until(() => stand.instance.runSecond! > before + 2, 15_000);
      const shown = "Number(/· sending · (\\d+) s/.exec(document.querySelector('.live-run').textContent)?.[1])";
      await holds(page, `${shown} > ${before}`);
      const { first, last } = await endsOf(page);
      expect(first).toMatch(/^after 0 s: connections 0,/);
      expect(secondOf(last)).toBeGreaterThan(before);
      // Every second of it, each once; as the axis grows, another one would come to stand where is read.
      stand.instance.runSecond = undefined;
      await plot(page, CURVES).press("Home");
      for (let second = 1; second <= 22; second++) {
        await plot(page, CURVES).press("ArrowRight");
        expect(secondOf((await plot(page, CURVES).getAttribute("aria-valuetext"))!)).toBe(second);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "shows what it can of a run with missing fields, and everything else as usual",
    async () => {
      const page = await stand.open("#/runs");
      await sees(page, "h2", /./);
      const { series } = stand.instance.runs[0]!;
      const nonsense = {
        connections: null,
        messages: 1,
        latencyUs: { p99: "much" },
        generator: [],
        durationMs: "long",
      };
      for (const [target, more] of [["less", {}] as const, ["other", nonsense] as const]) {
        const snapshot = { elapsedMs: 2000, phase: "send", ...more };
        stand.instance.tellRun({ id: "foreign", target, snapshot, series });
        await sees(
          page,
          ".live-run",
          new RegExp(`sending · 2 s ?${target} ?Connections ?– of –.*Latency p99 ?– p50 –`),
        );
      }
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, "h2", /./);
    },
    TIMEOUT_MS,
  );
});

async function elapsedMs(statusUrl: string): Promise<number> {
  const answer = await fetch(`${statusUrl}api/runs/live`);
  const { run } = (await answer.json()) as { run: { snapshot: { elapsedMs: number } } | null };
  return run?.snapshot.elapsedMs ?? 0;
}

if (hasBrowser()) {
  test(
    "a page opened during a load test shows it from its first second, and says when it is lost",
    async () => {
      const instance = startTenk(["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
      const { statusUrl, listeners } = JSON.parse((await instance.sees("stdout", /^.*\n/))[0]);
      const words = ["-c", "5", "-r", "10", "-m", "ping", "-T", "5m", "--stats-url", statusUrl, "--no-live"];
      const load = startTenk(["load", "tcp", `127.0.0.1:${listeners[0].port}`, ...words]);
      const browser = await launchBrowser();
      try {
        while ((await elapsedMs(statusUrl)) < 5000) await Bun.sleep(100);
        const page = await browser.newPage();
        await page.goto(`${statusUrl}#/runs`);
        await sees(page, ".live-run", /in progress · sending/);
        const { first, last } = await endsOf(page);
        expect(secondOf(first)).toBeLessThan(1);
        expect(secondOf(last)).toBeGreaterThan(4);
        load.child.kill("SIGKILL");
        await sees(page, ".live-run", /Lost after \d+ s.*Its generator has sent nothing since/);
        expect(await elapsedMs(statusUrl)).toBe(0);
        // One that comes afterwards is told the same.
        await page.reload();
        await sees(page, ".live-run", /Lost after \d+ s/);
        expect(secondOf((await endsOf(page)).first)).toBeLessThan(1);
      } finally {
        await browser.close();
        for (const { child, ended } of [load, instance]) {
          child.kill("SIGKILL");
          await ended;
        }
      }
    },
    TIMEOUT_MS,
  );
}
