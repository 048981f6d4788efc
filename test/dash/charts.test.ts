import { describe, expect, test } from "bun:test";
import { lonely } from "../../src/dash/page/chart/lonely.ts";
import { hasBrowser, PATIENCE_MS, plot, sees, stage } from "./browser.ts";

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
    "of a run that was never answered says so, rather than draw nothing",
    async () => {
      const page = await stand.open("about:blank");
      const [run] = stand.box.runs;
      const { elapsedMs, columns } = run!.series;
      const none = elapsedMs.map(() => null);
      const silent = { elapsedMs, columns: { ...columns, p50Us: none, p99Us: none, maxUs: none } };
      stand.box.runs = [{ ...run!, series: silent }];
      await page.goto(`${stand.box.url}#/runs/12`);
      await sees(page, ".run-grid .panel:nth-child(2) .nothing", /no answer was measured/);
      expect(await page.locator(".nothing:visible").count()).toBe(1);
    },
    PATIENCE_MS,
  );

  test(
    "of a run is zoomed into, at least five seconds, and says how to come out",
    async () => {
      const page = await stand.open("#/runs/12");
      const box = (await plot(page, "Latency so far").boundingBox())!;
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
    PATIENCE_MS,
  );
});
