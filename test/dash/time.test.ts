import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { readStretch, shifted } from "../../src/dash/page/now/stretch.ts";
import { hasBrowser, holds, plot, sees, stage, TIMEOUT_MS } from "./browser.ts";

const NOW = Date.UTC(2026, 5, 15, 12);
const iso = (ms: number) => new Date(ms).toISOString();

describe("a stretch of time", () => {
  test.each([
    ["2026-06-01T00:00", "2026-06-02T00:00:30", /^\{"zoom"/],
    ["2026-06-15T11:00", "2030-01-01T00:00", /^\{"zoom".*"toMs":1781524800000/],
    ["2026-06-02T00:00", "2026-06-01T00:00", /before “to”/],
    ["2026-06-01T00:00", "2026-06-01T00:00", /before “to”/],
    ["2030-06-01T00:00", "2030-06-02T00:00", /in the future/],
    ["2026-01-01T00:00", "2026-06-01T00:00", /90 days/],
    ["", "2026-06-01T00:00", /both fields/],
    ["2026-06-01T00:00", "x", /both fields/],
  ])("from %p to %p is read", (from, to, expected) => {
    expect(JSON.stringify(readStretch(from, to, NOW))).toMatch(expected);
  });

  test.each([
    [-1, NOW, NOW - 1800_000],
    [1, NOW - 5000_000, NOW - 3200_000],
    [1, NOW - 60_000, NOW],
  ] as const)("shifts by %p from %p to %p", (direction, toMs, end) => {
    const moved = shifted({ fromMs: toMs - 3600_000, toMs }, direction, NOW);
    expect([iso(moved.fromMs), iso(moved.toMs)]).toEqual([iso(end - 3600_000), iso(end)]);
  });
});

describe.if(hasBrowser())("the time of the charts", () => {
  const stand = stage();

  const fill = async (page: Page, from: string, to: string) => {
    await page.getByRole("button", { name: "Dates …" }).click();
    await page.getByLabel("From").fill(from);
    await page.getByLabel("To", { exact: true }).fill(to);
  };

  test.each([1440, 390])(
    "is chosen by its dates at %d pixels, in the reader's time zone",
    async (width) => {
      const page = await stand.open("#/now", { width, zone: "Europe/Berlin" });
      await sees(page, ".live", /live/);
      const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
      await fill(page, `${day}T12:00:00`, `${day}T10:00:00`);
      await page.keyboard.press("Enter");
      await sees(page, "dialog [role=alert]", /before/);
      await page.getByLabel("To", { exact: true }).fill(`${day}T14:30:00`);
      await page.keyboard.press("Enter");
      await page.locator("dialog").waitFor({ state: "detached" });
      await sees(page, ".zoomed", /zoomed to \d+ \w+ (\d{4} )?12:00–14:30 ✕/);
      expect(page.url()).toContain(`#/now/${Date.parse(`${day}T12:00:00Z`) / 1000 - offsetOf(day)}-`);
      const [content, screen] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
      expect(content).toBeLessThanOrEqual(screen!);
    },
    TIMEOUT_MS,
  );

  test(
    "moves earlier and later by half of what is shown",
    async () => {
      const page = await stand.open("#/now/1h");
      await sees(page, ".live", /live/);
      const later = page.getByRole("button", { name: "later", exact: true });
      expect(await later.isDisabled()).toBe(true);
      await page.getByRole("button", { name: "earlier", exact: true }).click();
      await sees(page, ".zoomed", /zoomed to/);
      const now = Date.now() / 1000;
      const [from, to] = /now\/(\d+)-(\d+)/.exec(page.url())!.slice(1).map(Number);
      expect(to! - from!).toBeLessThanOrEqual(3602);
      expect(Math.abs(now - 1800 - to!)).toBeLessThan(60);
      await later.click();
      await holds(page, `Number(location.hash.split("-")[1]) >= ${Math.floor(now) - 1}`);
    },
    TIMEOUT_MS,
  );

  test(
    "has marks of what happened, in the charts, beside the cursor, for screen readers and as a list",
    async () => {
      const page = await stand.open("about:blank", {
        before: `globalThis.dashes = 0; const { setLineDash } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.setLineDash = function (dash) { if (String(dash) === "3,3") dashes += 1; setLineDash.call(this, dash); };`,
      });
      const now = Date.now();
      stand.instance.marks = [
        { atMs: now - 290_000, untilMs: now - 10_000, kind: "run", text: "load test 12 of <b>: passed", run: "12" },
        { atMs: now - 5_000, kind: "start", text: "tenk 0.1.0 started" },
      ];
      await page.goto(`${stand.instance.url}#/now`);
      await sees(page, ".live", /live/);
      await sees(page, ".marks summary", /^2 events/);
      await holds(page, "dashes > 10");
      const chart = plot(page, "Load average");
      await chart.scrollIntoViewIfNeeded();
      const over = (await chart.locator(".u-over").boundingBox())!;
      await page.mouse.move(over.x + over.width * (1 - 160 / 300), over.y + 30);
      await sees(page, ".reading:has-text('load test')", /load test 12 of <b>: passed$/);
      expect(await chart.getAttribute("aria-valuetext")).toEndWith(", load test 12 of <b>: passed");
      expect(await page.locator(".reading:visible", { hasText: "load test" }).count()).toBe(1);
      await page.locator(".marks summary").click();
      expect(await page.locator(".marks li").first().textContent()).toContain("tenk 0.1.0 started");
      expect(await page.getByRole("link", { name: "load test 12 of" }).getAttribute("href")).toBe("#/runs/12");
      await page.locator(".marks li button").last().click();
      await sees(page, ".zoomed", /zoomed to/);
      const marked = () => stand.instance.asked.filter((each) => each.includes("/api/marks")).length;
      const before = marked();
      stand.instance.say({ level: "info", part: "app", message: "reloaded", fields: {} });
      const deadline = Date.now() + 15_000;
      while (marked() === before && Date.now() < deadline) await Bun.sleep(20);
      expect(marked()).toBeGreaterThan(before);
    },
    TIMEOUT_MS,
  );
});

/** Berlin's seconds before UTC on a day. */
function offsetOf(day: string): number {
  const words = { timeZone: "Europe/Berlin", hour: "2-digit", hour12: false } as const;
  return (Number(new Intl.DateTimeFormat("en-GB", words).format(new Date(`${day}T12:00:00Z`))) - 12) * 3600;
}
