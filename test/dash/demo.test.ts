import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { startTenk, type Tenk } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "./browser.ts";

/** `TENK_DEMO=10000` is the whole story; `TENK_PICTURE=docs/page.png` then takes the picture of the README. */
const connections = Number(process.env.TENK_DEMO ?? 300);
const seconds = Number(process.env.TENK_DEMO_SECONDS ?? (connections > 1000 ? 60 : 6));
const picture = process.env.TENK_PICTURE;
const SHOWN = /connections ([\d\s]+) reads ([\d.]+)(k?)\/s/;

if (hasBrowser()) {
  test(
    "the real page sees a demo's connections come up, and its reads",
    async () => {
      const demo = startTenk(["demo", "-c", String(connections), "-T", `${seconds}s`, "--no-live"]);
      const browser = await launchBrowser();
      try {
        expect(await watched(demo, browser)).toEqual([]);
      } finally {
        await browser.close();
        demo.child.kill("SIGINT");
        await demo.ended;
      }
    },
    TIMEOUT_MS + seconds * 2000,
  );
}

/** Waits until the page shows all connections and, within 5 %, all reads. @returns what it complained of */
async function watched(demo: Tenk, browser: Browser): Promise<string[]> {
  const [url] = await demo.sees("stderr", /http:\/\/127\.0\.0\.1:\d+\//);
  const page = await browser.newPage({ viewport: { width: 1440, height: 1150 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
  await page.goto(new URL("#/now", url).href);
  let text = "";
  const look = setInterval(() => {
    const read = page.evaluate("document.body.innerText");
    read.then((said) => { text = String(said).replace(/\s+/g, " "); }, () => {}); // biome-ignore format: one thought
  }, 300);
  const holds = () => {
    const [, open = "0", reads = "0", kilo] = SHOWN.exec(text) ?? [];
    const perSecond = Number(reads) * (kilo === "k" ? 1000 : 1);
    return Number(open.replace(/\s/g, "")) === connections && Math.abs(perSecond / (connections * 10) - 1) < 0.05;
  };
  try {
    await until(holds, (seconds + 20) * 1000);
    if (picture !== undefined) {
      await page.waitForTimeout((seconds - 5) * 1000);
      await page.screenshot({ path: join(import.meta.dirname, "../..", picture) });
    }
  } finally {
    clearInterval(look);
  }
  return complaints;
}
