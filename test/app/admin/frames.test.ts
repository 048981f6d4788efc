import { describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import { parseConfig, up } from "../../../src/app/mod.ts";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "../../dash/browser.ts";
import { worldOf } from "./support.ts";

const HOME = "https://ha.home.arpa:8123";

describe("frame-ancestors", () => {
  test.each([
    [[], "'none'", "DENY"],
    [["'self'"], "'self'", "SAMEORIGIN"],
    [[HOME], HOME, null],
    [["'self'", HOME], `'self' ${HOME}`, null],
  ])("%j: both headers say the same", async (frameAncestors, policy, option) => {
    const { ask } = worldOf({ frameAncestors });
    for (const path of ["/", "/login", "/api/status", "/healthz", "/nothing"]) {
      const { headers } = await ask(path, { peer: "127.0.0.1" });
      expect(headers.get("content-security-policy")).toContain(`; frame-ancestors ${policy}; `);
      expect(headers.get("x-frame-options")).toBe(option);
    }
  });

  test("another site may load a frame where it is allowed, and nothing else", async () => {
    const from = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    const closed = worldOf();
    const open = worldOf({ frameAncestors: [HOME] });
    const codeOf = async (world: typeof open, headers: Record<string, string>) =>
      (await world.ask("/api/status", { peer: "127.0.0.1", headers })).status;
    expect([await codeOf(closed, from), await codeOf(open, from)]).toEqual([403, 200]);
    for (const headers of [{ "sec-fetch-dest": "object" }, { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }])
      expect(await codeOf(open, { ...from, ...headers })).toBe(403);
  });
});

test.each([
  ["https://ha.home.arpa:8123"],
  ["https://*.home.arpa"],
  ["http://192.168.1.5:8123/"],
  ["self"],
  ["https://a.example; script-src *"],
  ["*"],
  ["javascript:alert(1)"],
  ["https://a.example/path"],
  ["ha.home.arpa"],
])("dashboard.frameAncestors: [%s]", (origin) => {
  const read = () =>
    parseConfig(JSON.stringify({ dashboard: { frameAncestors: [origin] } }), "tenk.yaml").config.dashboard
      .frameAncestors;
  const isRead = /^(https?:\/\/[\w.*-]+(:\d+)?\/?|self)$/.test(origin);
  if (isRead) expect(read()).toEqual([origin === "self" ? "'self'" : origin.replace(/\/$/, "")]);
  else expect(read).toThrow("expected a list of origins such as https://home.example:8123, or self");
});

/** A page of another origin that has the box in a frame. */
async function framing(url: string) {
  const server = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end(`<iframe src="${url}" width="1200" height="800"></iframe>`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

test.if(hasBrowser())(
  "in Chromium: no frame by default; the whole page, live, in that of an origin that is named",
  async () => {
    const browser = await launchBrowser();
    const config = (dashboard: object) =>
      parseConfig(
        JSON.stringify({
          tcp: { packets: { listen: "127.0.0.1:0" } },
          dashboard: { listen: "127.0.0.1:0", ...dashboard },
        }),
        "tenk.yaml",
      );
    const instance = await up(config({}), { logDefaults: false });
    try {
      using other = await framing(instance.statusUrl);
      const page = await browser.newPage();
      const refused = page.waitForEvent("console", {
        predicate: (said) => /frame-ancestors|X-Frame-Options/.test(said.text()),
      });
      await page.goto(other.url);
      await refused;
      expect(await page.frameLocator("iframe").locator(".live").count()).toBe(0);
      await instance.reload(config({ listen: new URL(instance.statusUrl).host, frameAncestors: [other.url] }));
      await page.goto(other.url);
      await page.frameLocator("iframe").locator(".live", { hasText: "live" }).waitFor();
    } finally {
      await browser.close();
      await instance.stop(0);
    }
  },
  TIMEOUT_MS,
);
