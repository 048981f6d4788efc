import { describe, expect, test } from "bun:test";
import { lonely } from "../../src/dash/page/chart/lonely.ts";
import { hasBrowser, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

describe("a value between two gaps", () => {
  test.each([
    [
      [1, null, 3, null, null, 6, 7],
      [0, 2],
    ],
    [[null, 2], [1]],
    [[1, 2, 3], null],
    [[], null],
  ])("of %p is drawn as a point at %p", (values, places) => expect(lonely(values)).toEqual(places));
});

describe.if(hasBrowser())("a chart", () => {
  const stand = stage();

  test(
    "of a run without answers says so instead of staying empty",
    async () => {
      const page = await stand.open("about:blank");
      const [run] = stand.instance.runs;
      const { elapsedMs, columns } = run!.series;
      const none = elapsedMs.map(() => null);
      const isTimed = (name: string) => /^second|^p\d|^max/.test(name);
      const untimed = Object.entries(columns).map(([name, values]) => [name, isTimed(name) ? none : values]);
      const silent = { elapsedMs, columns: Object.fromEntries(untimed) as typeof columns };
      stand.instance.runs = [{ ...run!, series: silent }];
      await page.goto(`${stand.instance.url}#/runs/12`);
      await sees(page, ".run-grid .panel:nth-child(2) .nothing", /no answers/);
      expect(await page.locator(".nothing:visible").count()).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    "of a run shows a stall in its second, for a sink the delay, for an older run what it has",
    async () => {
      const page = await stand.open("about:blank");
      const [run] = stand.instance.runs;
      const { elapsedMs, columns } = run!.series;
      const none = elapsedMs.map(() => null);
      const unanswered = {
        p50Us: none,
        p99Us: none,
        maxUs: none,
        secondP50Us: none,
        secondP99Us: none,
        secondMaxUs: none,
      };
      const sink = {
        ...columns,
        ...unanswered,
        secondDelayP99Us: elapsedMs.map(() => 250),
        secondDelayMaxUs: columns.maxUs,
      };
      const before = Object.fromEntries(Object.entries(columns).filter(([name]) => !name.startsWith("second")));
      const as = (id: string, shown: typeof columns) => ({ ...run!, id, series: { elapsedMs, columns: shown } });
      stand.instance.runs = [run!, as("13", sink), as("14", before as typeof columns)];
      await page.goto(`${stand.instance.url}#/runs/12`);
      await plot(page, "Latency of each second").focus();
      await page.keyboard.press("Home");
      for (let second = 0; second < 30; second += 10) await page.keyboard.press("Shift+ArrowRight");
      await sees(page, ".run-grid .panel:nth-child(2) .legend", /p99(1[6-9]|2\d)\.?\d* ms/);
      await page.keyboard.press("ArrowRight");
      await sees(page, ".run-grid .panel:nth-child(2) .legend", /p99[34]\.?\d* ms/);
      await page.goto(`${stand.instance.url}#/runs/13`);
      await plot(page, "Delay of each second").locator("canvas").waitFor();
      await sees(page, ".run-grid .panel:nth-child(2) .legend", /^p99mean 250 µs, max 250 µsmax/);
      await page.goto(`${stand.instance.url}#/runs/14`);
      await plot(page, "Latency so far").locator("canvas").waitFor();
      await page.goto(`${stand.instance.url}#/runs/13/12`);
      await plot(page, "Latency p99 of each second").locator("canvas").waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "of a run zooms to at least five seconds, and says how to zoom out",
    async () => {
      const page = await stand.open("#/runs/12");
      const box = (await plot(page, "Latency of each second").boundingBox())!;
      const drag = async (from: number, to: number) => {
        await page.mouse.move(box.x + from, box.y + 80);
        await page.mouse.down();
        await page.mouse.move(box.x + to, box.y + 80, { steps: 5 });
        await page.mouse.up();
      };
      await drag(200, 320);
      await sees(page, ".zoomed", /zoomed to \d+ s – \d+ s/);
      await drag(200, 212);
      const [, from, to] = /(\d+) s – (\d+) s/.exec(await sees(page, ".zoomed", /zoomed to/))!;
      expect(Number(to) - Number(from)).toBeLessThanOrEqual(6);
      await page.getByRole("button", { name: /zoomed to/ }).click();
      await page.locator(".zoomed").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );
});
