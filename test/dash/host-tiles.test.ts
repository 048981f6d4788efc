import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { throttlingStatus } from "../../src/app/monitoring/throttling.ts";
import { parseThrottled } from "../../src/metrics/host/raspberry.ts";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";
import type { FakeInstance } from "./fake-instance.ts";

const SCREENS = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

describe.if(hasBrowser())("the machine's tiles", () => {
  const stand = stage();

  /** The page of an instance whose machine differs. */
  async function openWith(machine: FakeInstance["machine"], viewing: { width: number; scheme: "light" | "dark" }) {
    const page = await stand.open("about:blank", viewing);
    stand.instance.machine = machine;
    await page.goto(`${stand.instance.url}#/now`);
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
    "show why a board is throttled, and what to do: %p",
    async (viewing) => {
      const page = await openWith({ host: { throttling: throttlingStatus(parseThrottled("50005")) } }, viewing);
      await sees(
        page,
        ".throttling",
        /^Under-voltage now, throttled now, both since boot\. Use the power supply .*cool the/,
      );
      expect(await overflowing(page)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(SCREENS)(
    "name the sensor, and show the disk as df does: %p",
    async (viewing) => {
      const host = { temperatureCelsius: 42.5, temperatureSensor: "coretemp Package id 0", throttling: null };
      const page = await openWith({ host }, viewing);
      await sees(page, ".quick", /Temperature42\.5 °C coretemp Package id 0/);
      expect(await tile(page, "Root disk").innerText()).toMatch(/64 %\s*18\.1 GiB used, 10\.3 GiB free/);
      expect(await page.locator(".throttling").count()).toBe(0);
      expect(await overflowing(page)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(SCREENS)(
    "show a container's limits, and the host's figures beside them: %p",
    async (viewing) => {
      const limits = { memoryBytes: 2 ** 28, memoryUsedBytes: 2 ** 26, cores: 0.5, busy: 0.31 };
      const page = await openWith({ limits }, viewing);
      await sees(page, ".quick", /CPU31 % of 0\.5 cores host [\d.]+ % of 4 cores/);
      await sees(page, ".quick", /RAM25 % 64 MiB of 256 MiB host [\d.]+ GiB of 8 GiB/);
      expect(await overflowing(page)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "show a memory limit alone beside the host's processors",
    async () => {
      const limits = { memoryBytes: 2 ** 28, memoryUsedBytes: null, cores: null, busy: null };
      const page = await openWith({ limits }, { width: 1440, scheme: "light" });
      await sees(page, ".quick", /CPU[\d.]+ % of 4 coresLoad average/);
      await sees(page, ".quick", /RAM– – of 256 MiB host/);
    },
    TIMEOUT_MS,
  );

  test(
    "are left out for a sensor or a swap space that the machine lacks",
    async () => {
      const host = { swapUsedBytes: 0, swapTotalBytes: 0, temperatureCelsius: null, temperatureSensor: null };
      const page = await openWith({ host }, { width: 1440, scheme: "light" });
      await sees(page, ".quick", /tenk up/);
      const names = await page.locator(".quick .stat dt").allTextContents();
      expect(names).toEqual(["CPU", "Load average", "RAM", "Root disk", "Machine uptime", "tenk uptime"]);
    },
    TIMEOUT_MS,
  );
});
