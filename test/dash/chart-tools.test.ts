import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { csvOf } from "../../src/dash/page/chart/csv.ts";
import { fileName } from "../../src/dash/page/chart/file-name.ts";
import { alone, toggled } from "../../src/dash/page/chart/hidden.ts";
import type { ChartData, ChartSpec } from "../../src/dash/page/chart/spec.ts";
import { statisticsOf } from "../../src/dash/page/chart/statistics.ts";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const MAIN = "Connections and reads of all listeners";

/** A chart whose lines have their values under their keys. */
function chartOf(values: Readonly<Record<string, readonly (number | null)[]>>, more: Partial<ChartData> = {}) {
  const lines = Object.keys(values).map((label) => ({ label, keys: [label], tone: "accent" as const }));
  const spec: ChartSpec = { title: "T", unit: "perSecond", lines };
  const count = Object.values(values)[0]!.length;
  const data: ChartData = {
    moments: Array.from({ length: count }, (_, at) => at * 10),
    from: 0,
    to: count * 10,
    isOver: true,
    hasBand: false,
    values: ({ keys }, which) =>
      values[keys[0]!]!.map((value) => value && value * ({ min: 0.5, mean: 1, max: 2 } as const)[which]),
    ...more,
  };
  return { spec, data };
}

describe("the statistics of a line", () => {
  test.each([
    [[1, 2, 3, null], {}, { min: 1, mean: 2, p95: 3, max: 3, last: 3, total: 60 }],
    [[1, 2, 3], { hasBand: true }, { min: 0.5, mean: 2, p95: 3, max: 6, last: 3, total: 60 }],
    [[9, 1, 9], { from: 10, to: 10 }, { min: 1, mean: 1, p95: 1, max: 1, last: 1, total: 10 }],
    [[null, null], {}, { min: null, mean: null, p95: null, max: null, last: null, total: null }],
  ])("of %p %p are %p", (values, more, expected) => {
    const { spec, data } = chartOf({ a: values }, more);
    expect(statisticsOf(spec, spec.lines[0]!, data)).toEqual(expected);
  });
});

describe("a chart as CSV", () => {
  test("has a row for each moment that is drawn, exact numbers, and empty cells for gaps", () => {
    const { spec, data } = chartOf({ read: [0.1 + 0.2, null, 7], sent: [1, 2, 3] }, { from: 0, to: 10 });
    expect(csvOf(spec, data, false)).toBe(
      "time,read,sent\r\n1970-01-01T00:00:00.000Z,0.30000000000000004,1\r\n1970-01-01T00:00:10.000Z,,2\r\n",
    );
    expect(csvOf(spec, data, true)).toStartWith("seconds,read,sent\r\n0,");
  });

  test("has minimum and maximum of each step where they are known", () => {
    const { spec, data } = chartOf({ read: [4] }, { hasBand: true });
    expect(csvOf(spec, data, true)).toBe("seconds,read,read min,read max\r\n0,4,2,8\r\n");
  });

  test.each([
    ["=1+2", "'=1+2"],
    ["@a", "'@a"],
    ['a,"b"', '"a,""b"""'],
    ["-a\n", '"\'-a\n"'],
  ])("writes a foreign name %p as %p, which no spreadsheet runs", (name, cell) => {
    const { spec, data } = chartOf({ [name]: [1] });
    expect(csvOf(spec, data, true)).toBe(`seconds,${cell}\r\n0,1\r\n`);
  });
});

test.each([
  ["CPU by mode", "tenk-cpu-by-mode-2026-01-02T03-04.csv"],
  ["../../etc/passwd", "tenk-etc-passwd-2026-01-02T03-04.csv"],
  ["Ж", "tenk-chart-2026-01-02T03-04.csv"],
])("the file of %p is %p", (title, name) => {
  expect(fileName(title, "csv", new Date(Date.UTC(2026, 0, 2, 3, 4)))).toBe(name);
});

test("lines are hidden and shown one by one, or one alone and then all again", () => {
  const all = ["a", "b", "c"];
  expect([...toggled(new Set(), "b")]).toEqual(["b"]);
  expect([...toggled(new Set(["b"]), "b")]).toEqual([]);
  expect([...alone(new Set(), "b", all)]).toEqual(["a", "c"]);
  expect([...alone(new Set(["a", "c"]), "b", all)]).toEqual([]);
  expect([...alone(new Set(["b"]), "b", all)]).toEqual(["a", "c"]);
});

describe.if(hasBrowser())("a chart", () => {
  const stand = stage();

  const line = (page: Page, title: string, label: string) =>
    page.getByRole("toolbar", { name: `${title}: lines` }).getByRole("button", { name: label, exact: true });
  const more = (page: Page, title: string) => page.getByRole("button", { name: `${title}: statistics, CSV and PNG` });

  test(
    "hides a line by its legend, and shows one alone by Shift, whatever is drawn anew",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      const spoken = async () => {
        await plot(page, MAIN).focus();
        await page.keyboard.press("ArrowLeft");
        return plot(page, MAIN).getAttribute("aria-valuetext");
      };
      expect(await spoken()).toMatch(/connections .*reads .*frames/);
      await line(page, MAIN, "reads").click();
      expect(await line(page, MAIN, "reads").getAttribute("aria-pressed")).toBe("false");
      expect(await spoken()).not.toContain("reads");
      // Its value stays in the legend.
      await sees(page, ".legend", /connections10 400reads1\d\d(\.\d)?k\/s/);
      await page.getByRole("button", { name: "the last 15 minutes" }).click();
      await page.getByRole("link", { name: "Log", exact: true }).click();
      await page.getByRole("link", { name: "Now", exact: true }).click();
      await line(page, MAIN, "reads").waitFor();
      expect(await line(page, MAIN, "reads").getAttribute("aria-pressed")).toBe("false");
      await line(page, MAIN, "reads").click({ modifiers: ["Shift"] });
      await plot(page, MAIN).locator("canvas").waitFor();
      expect(await spoken()).toMatch(/: reads [^,]+$/);
      await line(page, MAIN, "reads").click({ modifiers: ["Shift"] });
      expect(await spoken()).toMatch(/connections .*reads .*frames/);
    },
    TIMEOUT_MS,
  );

  test(
    "says so when all its lines are hidden, and stacks what is left of layers",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      const figure = page.locator("figure.chart", { hasText: "CPU by mode" });
      for (const label of ["user", "system", "iowait", "irq"]) await line(page, "CPU by mode", label).click();
      await plot(page, "CPU by mode").locator("canvas").waitFor();
      expect(await figure.locator(".nothing:visible").count()).toBe(0);
      await line(page, "CPU by mode", "steal").click();
      await figure.locator(".nothing:visible").waitFor();
      expect(await figure.locator(".nothing").textContent()).toBe("every line is hidden");
    },
    TIMEOUT_MS,
  );

  test(
    "has one stop for Tab in its legend, whose buttons arrow keys reach",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      await line(page, MAIN, "connections").focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Space");
      expect(await line(page, MAIN, "reads").getAttribute("aria-pressed")).toBe("false");
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.locator(".details").waitFor();
      await page.keyboard.press("Tab");
      expect(await page.evaluate<string>("document.activeElement.className")).toBe("plot");
      await page.keyboard.press("Shift+Tab");
      expect(await page.evaluate<string>("document.activeElement.className")).toBe("legend-more");
      await page.keyboard.press("ArrowRight");
      expect(await page.evaluate<string>("document.activeElement.querySelector('bdi').textContent")).toBe(
        "connections",
      );
    },
    TIMEOUT_MS,
  );

  test.each([1440, 390])(
    "shows the statistics of its lines at %d pixels, and follows the zoom",
    async (width) => {
      const page = await stand.open("#/runs/12", { width });
      const title = "Connections and messages";
      await more(page, title).click();
      await sees(page, ".statistics thead", /^LineMinMeanp95MaxLastTotal$/);
      await sees(page, ".statistics tbody tr", /^connections09\.\d+k10 00010 00010 000$/);
      await sees(
        page,
        ".statistics tbody tr:nth-child(2)",
        /^sent0\/s[\d.]+k\/s10\dk\/s10\dk\/s[\d.]+k?\/s5(\.\d+)?M$/,
      );
      await plot(page, title).focus();
      await page.keyboard.press("End");
      await page.keyboard.press("+");
      await sees(page, ".statistics tbody tr", /^connections10 00010 00010 00010 00010 000$/);
      const [content, screen] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
      expect(content).toBeLessThanOrEqual(screen!);
      await more(page, title).click();
      await page.locator(".details").waitFor({ state: "detached" });
    },
    TIMEOUT_MS,
  );

  test.each(["light", "dark"] as const)(
    "is saved as CSV and PNG in %s, with the lines that are drawn",
    async (scheme) => {
      const page = await stand.open("#/now", { scheme });
      await sees(page, ".live", /live/);
      await line(page, MAIN, "frames").click();
      await more(page, MAIN).click();
      const saved = async (name: string) => {
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("button", { name }).click(),
        ]);
        return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
      };
      const csv = await saved("Save as CSV");
      expect(csv.name).toMatch(/^tenk-connections-and-reads-of-all-listeners-\d{4}-\d\d-\d\dT\d\d-\d\d\.csv$/);
      const [head, ...rows] = csv.bytes.toString().trimEnd().split("\r\n");
      expect(head).toBe("time,connections,reads");
      expect(rows.length).toBeGreaterThan(290);
      expect(rows.at(-1)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z,10400,[\d.]+$/);
      const picture = await saved("Save as PNG");
      expect(picture.name).toEndWith(".png");
      const drawn = await page.evaluate<number[]>(`(async () => {
        const bytes = Uint8Array.from(atob("${picture.bytes.toString("base64")}"), (each) => each.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const pen = canvas.getContext("2d");
        pen.drawImage(image, 0, 0);
        return [image.width, image.height, ...pen.getImageData(2, 2, 1, 1).data];
      })()`);
      const box = (await plot(page, MAIN).boundingBox())!;
      expect(drawn[0]).toBe(Math.round(box.width) + 24);
      expect(drawn[1]).toBeGreaterThan(box.height + 40);
      expect(drawn.slice(2)).toEqual(scheme === "light" ? [255, 255, 255, 255] : [22, 27, 33, 255]);
      await holds(page, "document.querySelectorAll('a[download]').length === 0");
    },
    TIMEOUT_MS,
  );
});
