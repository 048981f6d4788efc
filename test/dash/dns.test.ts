import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { findToken, type Instance, parseConfig, up } from "../../src/app/mod.ts";
import type { DnsStatisticsAnswer, LoggedQuery, QueryLogAnswer } from "../../src/dash/mod.ts";
import { queryBytes } from "../dns/queries.ts";
import { FakeServer } from "../dns/upstream/fake-server.ts";
import { questionOf, replyTo } from "../dns/upstream/replies.ts";
import { Client } from "../net/udp/client.ts";
import { hasBrowser, launchBrowser, sees, TIMEOUT_MS } from "./browser.ts";

/** A folder for pictures to look at by hand. */
const PICTURES = process.env.TENK_PICTURES;
const IMAGE = "<img src=x onerror=alert(1)>";
const TURNED = "safe\u202egnp.exe";
const NOW = Date.now();

const query = (id: number, more: Partial<LoggedQuery>): LoggedQuery => ({
  ...{ id, time: NOW - id * 1700, client: "192.168.1.20", clientName: "kid-s-tablet", name: "www.example.org" },
  ...{ type: "A", verdict: "cached", rcode: "NOERROR", transport: "udp", stale: false, latencyMs: null },
  ...{ upstream: null, lists: [], rule: null, ...more },
});
const ADS = { verdict: "blocked", lists: ["hagezi-pro", "stevenblack"], rule: "doubleclick.net" };
const FORWARDED = { verdict: "forwarded", latencyMs: 18.44, upstream: "tls://9.9.9.9:853#dns.quad9.net" };
const LOG: QueryLogAnswer = {
  before: 7,
  entries: [
    query(1, { name: "ad.doubleclick.net", type: "HTTPS", ...ADS }),
    query(2, { ...FORWARDED, client: "2001:db8:1234:5678:9abc:def0:1234:5678", clientName: null }),
    query(3, { name: "git.home.arpa", verdict: "local" }),
    query(4, { name: `${"very-long-label-of-a-tracker.".repeat(6)}example.net`, ...FORWARDED, latencyMs: 4.2 }),
    query(5, {
      name: "\\<script\\>alert\\(1\\)\\</script\\>.example",
      clientName: IMAGE,
      ...ADS,
      rule: IMAGE,
      lists: [TURNED],
    }),
    query(6, { name: "gone.example", verdict: "failed", rcode: "SERVFAIL" }),
    query(7, { name: "stale.example", stale: true }),
    query(8, { name: null, client: null, clientName: null, verdict: "malformed", rcode: "FORMERR", type: "TYPE0" }),
  ],
};
const TOPS: DnsStatisticsAnswer = {
  ...{ fromMs: NOW - 86_400_000, queries: 51_234, blockedShare: 0.213 },
  clients: [
    { client: "192.168.1.20", name: "kid-s-tablet", queries: 20_123, blocked: 9000 },
    { client: "192.168.1.9", name: IMAGE, queries: 900, blocked: 1 },
  ],
  blockedNames: [
    { name: "ad.doubleclick.net", queries: 4123 },
    { name: `${IMAGE}.example`, queries: 3 },
  ],
  allowedNames: [{ name: "www.example.org", queries: 7123 }],
};

if (hasBrowser()) {
  let upstream: FakeServer;
  let instance: Instance;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    upstream = await FakeServer.open(({ bytes, reply }) =>
      reply(replyTo(bytes, { answer: [`${questionOf(bytes).text} 300 A 198.51.100.1`] })),
    );
    folder = mkdtempSync(join(tmpdir(), "tenk-dns-page-"));
    writeFileSync(join(folder, "ads.txt"), "0.0.0.0 ads.example\n0.0.0.0 more.example\na b c\n");
    const config = {
      data: { folder: "./data" },
      dashboard: { listen: "127.0.0.1:0" },
      dns: { listen: "127.0.0.1:0", tls: "off", blocklists: ["./ads.txt"], upstreams: [upstream.address] },
    };
    instance = await up(parseConfig(JSON.stringify(config), "tenk.yaml", folder), { logDefaults: false });
    const client = await Client.open(instance.listeners.find(({ name }) => name === "udp")!.port);
    for (const name of ["ads.example", "ads.example", "www.example", "www.example", "localhost"]) {
      await client.send(queryBytes(name));
      await client.next();
    }
    await client[Symbol.asyncDispose]();
    browser = await launchBrowser();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await browser.close();
    await instance.stop(0);
    await upstream[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page whose log and statistics are these. */
  async function open(path: string, width: number, scheme: "light" | "dark" = "light"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme: scheme });
    await page.route("**/api/dns/log?*", (route) => route.fulfill({ json: LOG }));
    await page.route("**/api/dns/statistics?*", (route) => route.fulfill({ json: TOPS }));
    await page.goto(`${instance.statusUrl}${path}`);
    return page;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  }

  const overflowing = (page: Page) =>
    page
      .locator("html, .panel, .toolbar")
      .evaluateAll(
        (all: unknown[]) =>
          (all as { scrollWidth: number; clientWidth: number; className: string }[]).filter(
            ({ scrollWidth, clientWidth, className }) => scrollWidth > clientWidth + 1 && !/scrolled/.test(className),
          ).length,
      );

  describe("the page of the name server", () => {
    test.each([
      [1440, "light"],
      [390, "dark"],
    ] as const)(
      "shows what it does, with its upstreams and lists, %i pixels wide",
      async (width, scheme) => {
        const page = await open("#/now", width, scheme);
        const figures = '[aria-label="Name server"] .dns-figures';
        await sees(page, figures, /Queries5 Blocked40 % 2 queriesFrom the cache50 %.*Names on lists2 1 list/);
        await sees(page, '[aria-label="Upstreams"] tbody', new RegExp(`udp://${upstream.address}✓ up.* ms1?1`));
        await sees(page, '[aria-label="Lists"] tbody', /\.\/ads\.txtblocks201–/);
        expect(await overflowing(page)).toBe(0);
        await picture(page, `dns-now-${width}-${scheme}`);
        await page.close();
      },
      TIMEOUT_MS,
    );

    test(
      "shows the queries that came, by which list they were blocked, and what was asked most",
      async () => {
        const page = await browser.newPage();
        await page.goto(`${instance.statusUrl}#/dns`);
        const blocked = await sees(page, ".queries tbody", /ads\.example/);
        expect(blocked).toMatch(/ads\.example A\d\d:\d\d:\d\d\S+–blocked by \.\/ads\.txt: ads\.exampleAllow/);
        expect(blocked).toMatch(/www\.example A.*cached Block/);
        await sees(page, '[aria-label="Blocked names"] tbody', /^ads\.example2Allow/);
        await sees(page, '[aria-label="Clients"] tbody', /540 %Pause$/);
        await page.close();
      },
      TIMEOUT_MS,
    );

    test.each([
      [1440, "light"],
      [1440, "dark"],
      [700, "light"],
      [390, "light"],
    ] as const)(
      "shows hostile names as text, %i pixels wide, %s",
      async (width, scheme) => {
        const page = await open("#/dns", width, scheme);
        const words = await sees(page, ".queries tbody", /alert\\\(1\\\)/);
        expect(words).toContain("safe\\u202egnp.exe");
        expect(words).toContain(`${IMAGE}`);
        expect(words).not.toContain("\u202e");
        await sees(page, '[aria-label="Clients"]', /<img src=x onerror=alert\(1\)>/);
        expect(await page.locator("main img, main script").count()).toBe(0);
        // What is no host name has no button.
        expect(await page.locator(".queries .act button").allTextContents()).toEqual([
          "Allow",
          "Block",
          "Block",
          "Block",
        ]);
        expect(await overflowing(page)).toBe(0);
        await picture(page, `dns-log-${width}-${scheme}`);
        await page.close();
      },
      TIMEOUT_MS,
    );

    test(
      "allows and blocks names by a click, and pauses blocking, once it knows the token",
      async () => {
        const page = await open("#/dns", 1440);
        await page.getByRole("button", { name: "allow ad.doubleclick.net" }).first().click();
        await sees(page, "dialog", /Changing a rule needs the token/);
        await picture(page, "dns-token");
        await page.getByLabel("Token").fill(findToken(join(folder, "data"))!);
        await page.getByRole("button", { name: "Do it" }).click();
        await sees(page, ".rules tbody", /ad\.doubleclick\.netallowed\d{4}-\d\d-\d\dRemove/);
        await sees(page, ".queries tbody tr", /ad\.doubleclick\.net.*allowed/);
        await page.getByRole("button", { name: "block www.example.org" }).first().click();
        await sees(page, ".rules tbody tr:nth-child(2)", /www\.example\.orgblocked/);
        await page.getByRole("button", { name: "remove the rule on ad.doubleclick.net" }).click();
        await sees(page, ".rules tbody", /^www\.example\.org/);
        await page.getByRole("button", { name: "30 min", exact: true }).click();
        await sees(page, ".blocking", /Blocking is paused until \d\d:\d\dResume/);
        await picture(page, "dns-paused");
        await page.getByRole("button", { name: "Resume", exact: true }).click();
        await sees(page, ".blocking", /Pause blocking for/);
        await page.getByRole("button", { name: "pause blocking for 192.168.1.20 for 30 minutes" }).click();
        await sees(page, ".blocking", /Paused for 192\.168\.1\.20 until \d\d:\d\dResume/);
        await picture(page, "dns-paused-client");
        await page.getByRole("button", { name: "resume blocking for 192.168.1.20" }).click();
        await page.locator(".paused-client").waitFor({ state: "detached" });
        await page.close();
      },
      TIMEOUT_MS,
    );

    test(
      "searches the log by name, client and answer, and pages to older queries",
      async () => {
        const page = await open("#/dns", 1440);
        const waits = (words: string) => page.waitForRequest((request) => new URL(request.url()).search === words);
        const byName = waits("?name=double&limit=25");
        await page.getByLabel("Name", { exact: true }).fill("double");
        await byName;
        const byAll = waits("?name=double&client=192.168.1.20&verdict=blocked&limit=25");
        await page.getByRole("button", { name: "kid-s-tablet" }).first().click();
        await page.getByLabel("Answer").selectOption("blocked");
        await byAll;
        const older = waits("?name=double&client=192.168.1.20&verdict=blocked&before=7&limit=25");
        await page.getByRole("button", { name: "older" }).click();
        await older;
        await page.close();
      },
      TIMEOUT_MS,
    );
  });
}
