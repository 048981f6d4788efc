import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const HOUR = 3600;

/** Notes where each text of a canvas stands since it was last drawn anew, in pixels of the canvas. */
const NOTE_TEXTS = `
  globalThis.texts = [];
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...words) {
    texts = texts.filter(({ canvas }) => canvas !== this.canvas);
    clearRect.apply(this, words);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { width } = this.measureText(text);
    const isTime = this.textAlign === "center";
    const left = (isTime ? x - width / 2 : this.textAlign === "right" ? x - width : x) + this.getTransform().e;
    texts.push({ canvas: this.canvas, text, left, right: left + width, isTime });
    fillText.call(this, text, x, y);
  };`;

/** Labels that touch a neighbour on the time axis, or are cut off at an edge of their drawing. */
function spoiled(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const found = texts.filter(({ left, right, canvas }) => left < -1 || right > canvas.width + 1).map(({ text }) => "cut: " + text);
    for (const canvas of new Set(texts.map((each) => each.canvas))) {
      const row = texts.filter((each) => each.canvas === canvas && each.isTime).sort((a, b) => a.left - b.left);
      row.forEach((each, at) => {
        if (at > 0 && row[at - 1].right + 4 > each.left) found.push(row[at - 1].text + " touches " + each.text);
      });
    }
    return found;
  })()`);
}

describe.if(hasBrowser())("a chart that is read", () => {
  const stand = stage();

  test(
    "shows the moment beside the cursor in every chart, with minimum and maximum in the one under the pointer",
    async () => {
      const page = await stand.open("#/now/24h");
      await sees(page, ".live", /live/);
      const chart = page.locator("[aria-label='Listener sink'] .plot").first();
      await chart.scrollIntoViewIfNeeded();
      await chart.hover({ position: { x: 120, y: 40 } });
      const words = await chart.locator(".reading").textContent();
      expect(words).toMatch(/^\d+ \w+ \d\d:\d\d:\d\d\nconnections [\d.k ]+ to [\d.k ]+\nreads .+\/s to .+\/s$/);
      const [moment] = words!.split("\n");
      const all = await page.locator(".plot:has(canvas) .reading").allTextContents();
      expect(all.length).toBeGreaterThan(10);
      for (const each of all) expect(each.split("\n")[0]).toBe(moment);
      const [inside, around] = [await chart.locator(".reading").boundingBox(), await chart.boundingBox()];
      expect(inside!.x).toBeGreaterThanOrEqual(around!.x);
      expect(inside!.x + inside!.width).toBeLessThanOrEqual(around!.x + around!.width + 1);
      await page.mouse.move(5, 5);
      await holds(page, "document.querySelector('.reading:not([hidden])') === null");
    },
    TIMEOUT_MS,
  );

  test(
    "shows mean and maximum of a past stretch, and moves nothing while it is read",
    async () => {
      const page = await stand.open("#/runs/12");
      const first = ".run-grid .panel:nth-child(1) .legend";
      await sees(page, first, /^connectionsmean 9\.\d+k, max 10 000sentmean [\d.]+k\/s, max 10\dk\/s/);
      const figure = page.locator(".run-grid figure").first();
      const before = await figure.boundingBox();
      await plot(page, "Connections and messages").hover({ position: { x: 90, y: 40 } });
      await sees(page, first, /^connections[\d ]+sent\d/);
      expect(await figure.boundingBox()).toEqual(before!);
      // Of what is zoomed into alone: the connections are all open there.
      await plot(page, "Connections and messages").focus();
      await page.keyboard.press("End");
      await page.keyboard.press("+");
      await page.keyboard.press("Escape");
      await page.mouse.move(5, 5);
      await sees(page, first, /^connectionsmean 10 000, max 10 000/);
    },
    TIMEOUT_MS,
  );

  test(
    "of a stretch that is past as well; of one that goes on, the newest values",
    async () => {
      const now = Math.floor(Date.now() / 1000);
      const page = await stand.open(`#/now/${now - 30 * HOUR}-${now - 29 * HOUR}`);
      await sees(page, ".legend", /^connectionsmean [\d.k ]+, max [\d.k ]+reads/);
      await page.getByRole("button", { name: "the last 5 minutes" }).click();
      await sees(page, ".legend", /^connections10 400reads/);
    },
    TIMEOUT_MS,
  );

  test(
    "has its day on the time axis where it is not today's",
    async () => {
      const [from, to] = [Date.UTC(2025, 9, 25, 1), Date.UTC(2025, 9, 25, 7)];
      const page = await stand.open(`#/now/${from / 1000}-${to / 1000}`, { before: NOTE_TEXTS });
      await sees(page, ".zoomed", /25 Oct 2025 01:00–07:00 ✕$/);
      await holds(page, "texts.some(({ text }) => text === '06:00')");
      const days = "texts.filter(({ isTime, text }) => isTime && text === '25 Oct').length";
      const canvases = "new Set(texts.filter(({ isTime }) => isTime).map(({ canvas }) => canvas)).size";
      expect(await page.evaluate<number>(days)).toBe(await page.evaluate<number>(canvases));
    },
    TIMEOUT_MS,
  );

  test.each([
    [1440, "#/runs/12", "light"],
    [390, "#/runs/12", "dark"],
    [390, "#/now/5m", "light"],
    [1440, "#/now/7d", "light"],
  ] as const)(
    "at %d pixels has no label of %s that touches another or is cut",
    async (width, view, scheme) => {
      const page = await stand.open("about:blank", { width, scheme, before: NOTE_TEXTS });
      const [run] = stand.instance.runs;
      // Seventy seconds: the axis goes over the minute, where labels are longest.
      const elapsedMs = run!.series.elapsedMs.map((ms) => (ms * 70) / 60);
      stand.instance.runs = [{ ...run!, series: { ...run!.series, elapsedMs } }];
      await page.goto(`${stand.instance.url}${view}`);
      await page.locator("canvas").first().waitFor();
      await holds(page, "texts.length > 50");
      expect(await spoiled(page)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
