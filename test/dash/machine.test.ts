import { describe, expect, test } from "bun:test";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";
import { fakeMounts } from "./fake-data.ts";

const ALL = [
  "Disk reads and writes",
  "Disks at work",
  "Load average",
  "Time lost to waiting",
  "Temperature",
  "Swap space in use",
  "Processors, one by one",
  "Received, by device",
  "Sent, by device",
];

describe.if(hasBrowser())("the machine on the page", () => {
  const stand = stage();

  test(
    "shows disks, load, pressure, temperature with throttling, swap, processors and devices",
    async () => {
      const page = await stand.open("#/now");
      await sees(page, ".live", /live/);
      const section = page.locator("[aria-label='The machine']");
      for (const title of ALL) await plot(page, title).locator("canvas").waitFor();
      expect(await section.locator("h3").allTextContents()).toEqual([...ALL, "File systems"]);
      await holds(
        page,
        "![...document.querySelectorAll(\"[aria-label='The machine'] output\")].some((each) => each.textContent === '–')",
      );
      const legends = await section.locator(".legend").allTextContents();
      expect(legends[0]).toMatch(/^read[\d.]+ .?i?B\/swritten[\d.]+ .?i?B\/s$/);
      expect(legends[2]).toMatch(/^1 min\d\.\d\d5 min\d\.\d\d15 min\d\.\d\d$/);
      expect(legends[4]).toMatch(/^temperature[\d.]+ °Cthrottled(0|100) %$/);
      expect(legends[6]).toMatch(/^cpu 0.*cpu 1.*cpu 2.*cpu 3/);
    },
    TIMEOUT_MS,
  );

  test(
    "has no chart of what a machine lacks, and up to sixteen processors in the order of their numbers",
    async () => {
      const page = await stand.open("about:blank", { before: "globalThis.setInterval = () => 0;" });
      stand.instance.machine = { host: { swapTotalBytes: 0, mounts: [] } };
      const cpu = { name: "tenk_host_core_busy_seconds_total", kind: "rate", unit: "seconds", help: "" } as const;
      const many = Array.from({ length: 16 }, (_, at) => ({
        ...cpu,
        key: `cpu${15 - at}`,
        labels: { cpu: `${15 - at}` },
      }));
      stand.instance.extra = many;
      await page.route("**/api/names", async (route) => {
        const { series } = await (await route.fetch()).json();
        const isLeft = ({ name, key }: { name: string; key: string }) =>
          !/pressure|temperature|throttled|^node_network/.test(name) && !/core_busy/.test(key);
        await route.fulfill({ json: { series: series.filter(isLeft) } });
      });
      await page.goto(`${stand.instance.url}#/now`);
      const section = page.locator("[aria-label='The machine']");
      await plot(page, "Processors, one by one").waitFor();
      expect(await section.locator("h3").allTextContents()).toEqual(
        ALL.filter((title) => !/waiting|Temperature|by device|Swap/.test(title)),
      );
      const lines = section.locator("figure", { hasText: "Processors, one by one" }).locator(".legend bdi");
      expect(await lines.allTextContents()).toEqual(many.map((_, at) => `cpu ${at}`));
    },
    TIMEOUT_MS,
  );

  test.each([1440, 768, 390])(
    "lists file systems as df does, at %d pixels, and says why one has no numbers",
    async (width) => {
      const page = await stand.open("#/now", { width });
      const rows = page.locator(".mounts tbody tr");
      await rows.first().waitFor();
      const words = (await rows.allTextContents()).map((text) => text.replace(/\s+/g, " "));
      expect(words).toHaveLength(fakeMounts().length);
      expect(words[0]).toBe("//dev/mmcblk0p2 ext418.1 GiB10.3 GiB29.1 GiB12 %64 %");
      expect(words[1]).toContain("vfat, read-only");
      expect(words[3]).toEndWith("does not answer: mountpoint timeout");
      const overlaps = await page.evaluate<string[]>(`(() => {
        const found = [];
        for (const row of document.querySelectorAll(".mounts tbody tr")) {
          const boxes = [...row.children].map((each) => { const range = document.createRange(); range.selectNodeContents(each); return { text: each.textContent, box: range.getBoundingClientRect() }; });
          boxes.forEach((one, at) => boxes.slice(0, at).forEach((other) => {
            const [a, b] = [one.box, other.box];
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push(one.text + " over " + other.text);
          }));
        }
        return found;
      })()`);
      expect(overlaps).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "draws user and system apart, in light and dark",
    async () => {
      for (const scheme of ["light", "dark"] as const) {
        const page = await stand.open("#/now", { scheme });
        await sees(page, ".live", /live/);
        const chart = plot(page, "CPU by mode");
        await chart.locator("canvas").waitFor();
        await chart.scrollIntoViewIfNeeded();
        // A column of pixels near the right end: the layers lie on top of each other, user at the bottom.
        const column = await page.evaluate<number[][]>(`(() => {
          const holder = ${plotOf("CPU by mode")};
          const [canvas, over] = ["canvas", ".u-over"].map((selector) => holder.querySelector(selector));
          const [x, y] = [over.offsetLeft + over.clientWidth - 8, over.offsetTop].map((at) => Math.round(at * devicePixelRatio));
          const { data } = canvas.getContext("2d").getImageData(x, y, 1, over.clientHeight);
          return Array.from({ length: data.length / 4 }, (_, at) => [...data.slice(at * 4, at * 4 + 4)]);
        })()`);
        const height = column.length;
        const panel = scheme === "light" ? [255, 255, 255] : [22, 27, 33];
        const [user, system] = [0.9, 0.58].map((share) => over(column[Math.floor(height * share)]!, panel));
        expect(ratio(user!, system!)).toBeGreaterThan(3);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "begins the time axis with the data in the first minutes after a start",
    async () => {
      const page = await stand.open("about:blank");
      const now = Math.floor(Date.now() / 1000);
      stand.instance.gap = [0, now - 120];
      await page.goto(`${stand.instance.url}#/now/24h`);
      await sees(page, ".live", /live/);
      const chart = plot(page, "Load average");
      await chart.locator("canvas").waitFor();
      await chart.focus();
      await page.keyboard.press("Home");
      await holds(page, "document.activeElement.getAttribute('aria-valuenow') !== '100'");
      const left = await page.evaluate<number>(
        `${plotOf("Load average")}.querySelector(".u-cursor-x").getBoundingClientRect().left - ${plotOf("Load average")}.querySelector(".u-over").getBoundingClientRect().left`,
      );
      expect(left).toBeLessThan(120);
      expect(await chart.getAttribute("aria-valuetext")).not.toContain("–");
    },
    TIMEOUT_MS,
  );

  test(
    "writes rates of bytes beside the axis as a second's",
    async () => {
      const page = await stand.open("#/now", {
        before: `globalThis.texts = new Set(); const { fillText } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { texts.add(text); fillText.call(this, text, ...at); };`,
      });
      await sees(page, ".live", /live/);
      await holds(page, "texts.has('4 MiB/s')");
    },
    TIMEOUT_MS,
  );
});

/** The chart's drawing, as an expression of the page. */
function plotOf(title: string): string {
  return `[...document.querySelectorAll("figure.chart")].find((each) => each.querySelector("h3, h4").textContent === ${JSON.stringify(title)}).querySelector(".plot")`;
}

/** A translucent pixel on its panel. */
function over([red = 0, green = 0, blue = 0, alpha = 0]: readonly number[], panel: readonly number[]): number[] {
  return [red, green, blue].map((value, at) => value * (alpha / 255) + panel[at]! * (1 - alpha / 255));
}

function ratio(one: readonly number[], other: readonly number[]): number {
  const [high, low] = [one, other].map(luminance).sort((a, b) => b - a);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
