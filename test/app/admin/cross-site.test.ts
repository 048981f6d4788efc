import { afterAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "../../dash/browser.ts";
import { sessionOf, TOKEN, worldOf } from "./support.ts";

const { world, ask, serve } = worldOf();
const server = await serve();
afterAll(() => server.stop());
const url = `http://127.0.0.1:${server.port}/`;
const bytes = Buffer.from("<!doctype html><p>inside</p>");
world.assets.set("/", { type: "text/html; charset=utf-8", bytes, gzip: Bun.gzipSync(bytes), isForever: false });

/** On a page of another site, as a home page or a mail with a link to the box is. */
async function follow(page: Page, link: string): Promise<void> {
  const contentType = "text/html";
  await page.route("http://other.example/", (route) =>
    route.fulfill({ contentType, body: `<a href="${link}">box</a>` }),
  );
  await page.goto("http://other.example/");
  await page.getByText("box").click();
}

describe.if(hasBrowser())("a link of another site's page", () => {
  test(
    "logs in with the token, keeps the session, and shows the form to others",
    async () => {
      const browser = await launchBrowser();
      try {
        // What was passed on is not this machine's.
        const context = await browser.newContext({ extraHTTPHeaders: { "x-forwarded-for": "203.0.113.5" } });
        const page = await context.newPage();
        await follow(page, url);
        await page.waitForURL(`${url}login`);
        expect(await page.locator("form").count()).toBe(1);
        await follow(page, `${url}?token=${TOKEN}`);
        await page.getByText("inside").waitFor();
        expect(page.url()).toBe(url);
        await follow(page, url);
        await page.getByText("inside").waitFor();
        await page.reload();
        await page.getByText("inside").waitFor();
      } finally {
        await browser.close();
      }
    },
    TIMEOUT_MS,
  );
});

test("our own page asks again at /login, which redirects with a session and shows the form without one", async () => {
  const again = '<meta http-equiv="refresh" content="0; url=login">';
  expect(await (await ask("/")).text()).toContain(again);
  const form = await ask("/login");
  expect([form.status, (await form.text()).includes(again)]).toEqual([200, false]);
  const led = await ask("/login", { headers: { cookie: await sessionOf(ask) } });
  expect([led.status, led.headers.get("location")]).toEqual([303, "./"]);
  // From this machine too: whoever wants to change something shows the token there.
  expect((await ask("/login", { peer: "127.0.0.1" })).status).toBe(200);
});
