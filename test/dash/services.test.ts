import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { Browser } from "playwright-core";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { exchange, get } from "../proxy/support.ts";
import { hasBrowser, launchBrowser, sees, TIMEOUT_MS } from "./browser.ts";

/** A folder for pictures to look at by hand. */
const PICTURES = process.env.TENK_PICTURES;

if (hasBrowser()) {
  let target: Server;
  let instance: Instance;
  let browser: Browser;

  beforeAll(async () => {
    target = createServer((request, answer) => {
      answer.statusCode = request.url === "/broken" ? 500 : 200;
      answer.end("hello");
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(target.address() as { port: number }).port}`;
    const config = {
      domain: "home.arpa",
      tcp: { packets: { listen: "127.0.0.1:0" } },
      dashboard: { listen: "127.0.0.1:0" },
      proxy: { https: "off", http: "127.0.0.1:0", workers: 1 },
      probe: false,
      services: {
        git: { target: url, plainHttp: "serve" },
        shop: {
          targets: [url, "http://127.0.0.1:1"],
          balance: "first",
          hosts: ["a-rather-long-name-of-a-shop.example.org", "*.shop.example.org"],
        },
      },
    };
    instance = await up(parseConfig(JSON.stringify(config), "tenk.yaml"), { logDefaults: false });
    browser = await launchBrowser();
    const port = instance.listeners.find(({ name }) => name === "http")!.port;
    for (const path of ["/", "/a", "/broken"]) await exchange(port, get(path, "git.home.arpa"));
  }, TIMEOUT_MS);
  afterAll(async () => {
    await browser.close();
    await instance.stop(0);
    target.close();
  });

  test.each([1440, 390])(
    "the page shows each service with its hosts, requests and targets, %i pixels wide",
    async (width) => {
      const page = await browser.newPage({ viewport: { width, height: 1000 } });
      await page.goto(`${instance.statusUrl}#/now`);
      await sees(
        page,
        '[aria-label="Service git"] header',
        /git\.home\.arpa · git\.local.*3 requests, 0 in flight, 1 failed, .*to answer/,
      );
      await sees(page, '[aria-label="Service git"] .targets', /http:\/\/127\.0\.0\.1:\d+✓ up0\s*3/);
      await sees(page, '[aria-label="Service shop"] .targets tbody tr:nth-child(2)', /127\.0\.0\.1:1✓ up/);
      const link = page.locator('[aria-label="Service git"] header a').first();
      expect(await link.getAttribute("href")).toBe("https://git.home.arpa/");
      const overflowing = await page
        .locator("html, .listener, .targets")
        .evaluateAll(
          (all: unknown[]) =>
            (all as { scrollWidth: number; clientWidth: number }[]).filter(
              ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1,
            ).length,
        );
      expect(overflowing).toBe(0);
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/services-${width}.png`, fullPage: true });
      await page.close();
    },
    TIMEOUT_MS,
  );
}
