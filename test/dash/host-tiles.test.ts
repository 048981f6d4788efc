import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { throttlingStatus } from "../../src/app/monitoring/throttling.ts";
import type { HostStatus } from "../../src/dash/api.ts";
import { parseThrottled } from "../../src/metrics/host/raspberry.ts";
import { hasBrowser, PATIENCE_MS, sees, stage } from "./browser.ts";

const SCREENS = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

describe.if(hasBrowser())("the machine's tiles", () => {
  const stand = stage();

  /** The page of a box whose machine differs. */
  async function openWith(host: Partial<HostStatus>, viewing: { width: number; scheme: "light" | "dark" }) {
    const page = await stand.open("about:blank", viewing);
    await page.route("**/api/status", async (route) => {
      const status = await (await route.fetch()).json();
      await route.fulfill({ json: { ...status, host: { ...status.host, ...host } } });
    });
    await page.goto(`${stand.box.url}#/now`);
    await sees(page, ".live", /live/);
    return page;
  }

  const tile = (page: Page, name: string) =>
    page.locator(".quick .stat", { has: page.locator(`dt:text-is("${name}")`) });

  /** Texts that stand out of their tile or of the screen. */
  const overflowing = (page: Page) =>
    page
      .locator("html, .quick .stat, .throttling")
      .evaluateAll((all: unknown[]) =>
        (all as { scrollWidth: number; clientWidth: number; textContent: string }[])
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
          .map(({ textContent }) => textContent.slice(0, 80)),
      );

  test.each(SCREENS)(
    "say what slows a board down, and what to do: %p",
    async (viewing) => {
      const page = await openWith({ throttling: throttlingStatus(parseThrottled("50005")) }, viewing);
      await sees(
        page,
        ".throttling",
        /^Under-voltage now, throttled now, both since boot\. Use the power supply .*cool the/,
      );
      expect(await overflowing(page)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test.each(SCREENS)(
    "name the sensor, and the disk's use as df does: %p",
    async (viewing) => {
      const host = { temperatureCelsius: 42.5, temperatureSensor: "coretemp Package id 0", throttling: null };
      const page = await openWith(host, viewing);
      await sees(page, ".quick", /Temperature42\.5 °C coretemp Package id 0/);
      expect(await tile(page, "Root disk").innerText()).toMatch(/64 %\s*18\.1 GiB used, 10\.3 GiB free/);
      expect(await page.locator(".throttling").count()).toBe(0);
      expect(await overflowing(page)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
