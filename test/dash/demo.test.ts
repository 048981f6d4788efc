import { expect, test } from "bun:test";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { startTenk, withFolder } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { hasBrowser, PATIENCE_MS } from "./browser.ts";

/** `TENK_DEMO=10000` is the whole story; `TENK_PICTURE=docs/page.png` then takes the picture of the README. */
const connections = Number(process.env.TENK_DEMO ?? 300);
const seconds = Number(process.env.TENK_DEMO_SECONDS ?? (connections > 1000 ? 60 : 5));
const picture = process.env.TENK_PICTURE;

const browsing = hasBrowser() ? test : test.skip;

browsing(
  "the real page sees a demo's connections come up, and its packets",
  async () => {
    await withFolder(async (folder) => {
      const words = ["demo", "-c", String(connections), "-T", `${seconds}s`, "--no-live"];
      const demo = startTenk(words, { XDG_DATA_HOME: folder });
      const [url] = await demo.sees("stderr", /http:\/\/127\.0\.0\.1:\d+\//);
      const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage({ viewport: { width: 1440, height: 1150 } });
        const complaints: string[] = [];
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
        await page.goto(url);
        let said = "";
        const look = setInterval(() => {
          page.evaluate("document.body.innerText").then((text) => { said = String(text).replace(/\s+/g, " "); }, () => {}); // biome-ignore format: one thought
        }, 300);
        const thousands = connections.toLocaleString("fr").replace(/\s/g, " ");
        const rate = connections * 10;
        const packets = rate >= 1000 ? `${rate / 1000}k/s` : `${rate}/s`;
        // A second in which the numbers are exactly those that were asked for.
        await until(() => said.includes(`connections ${thousands} packets ${packets}`), (seconds + 20) * 1000);
        if (picture !== undefined) {
          await page.waitForTimeout((seconds - 10) * 1000);
          await page.screenshot({ path: join(import.meta.dirname, "../..", picture) });
        }
        clearInterval(look);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
        demo.child.kill("SIGINT");
        await demo.ended;
      }
    });
  },
  PATIENCE_MS + seconds * 2000,
);
