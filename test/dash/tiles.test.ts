import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";
import { fakeService, fakeServices } from "./fake-services.ts";

const WHY = "nothing listens on 127.0.0.1:3000";

describe.if(hasBrowser())("the view of services", () => {
  const stand = stage();
  const names = (page: Page) => page.locator(".tile h3").allTextContents();

  test(
    "is the first view: one sentence, the machine in a line, and a tile for each service",
    async () => {
      const page = await stand.open("");
      await sees(page, ".headline", /^✓All 14 services are well\.$/);
      await sees(
        page,
        ".box-line",
        /^Machinetemperature 61\.3 °Cdisk 64 %, 10\.3 GiB freememory .* of 8 GiBload .* on 4 cores$/,
      );
      expect(await page.locator(".tiles").count()).toBe(3);
      await sees(page, ".tile:has-text('git')", /^git✓ up3 dgit\.home\.arpa1 ms99\.73 %1\.0\.0certificate 4 days$/);
      expect(await page.locator(".tile:has-text('git') .address").getAttribute("href")).toBe("https://git.home.arpa/");
      expect(await page.locator(".tile:has-text('cache') code.address").textContent()).toBe("redis://127.0.0.1:6379");
      await page.locator(".tile:has-text('git') .spark path[d^='M']").waitFor();
    },
    TIMEOUT_MS,
  );

  test(
    "follows what happens, and moves no tile away from who is in it",
    async () => {
      const page = await stand.open("");
      const { instance } = stand;
      instance.services = ["git", "cache", "mail"].map((name) => fakeService(name));
      await sees(page, ".headline", /All 3 services are well/);
      const link = page.locator(".tile h3 a", { hasText: "cache" });
      await link.focus();
      const since = Date.now() - 61_000;
      const change = (name: string, state: "down" | "degraded") => {
        instance.services = instance.services!.map((each) =>
          each.service === name ? { ...each, state, reason: WHY, sinceMs: since } : each,
        );
      };
      change("mail", "down");
      await sees(page, ".headline", /^✗mail is down since \d\d:\d\d: nothing listens on 127\.0\.0\.1:3000\.$/);
      await sees(page, ".tile.bad", /mail✗ down1 minnothing listens/);
      expect(await names(page)).toEqual(["git", "cache", "mail"]);
      expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("cache");
      expect(await page.locator(".problems").count()).toBe(0);
      expect(await page.title()).toBe("(1) Services · tenk");
      await page.locator(".top a").first().focus();
      await page.mouse.move(1, 1);
      change("git", "degraded");
      await sees(page, ".headline", /^✗2 of 3 services are not well: mail is down, git is degraded\.$/);
      expect(await page.locator(".problems li strong").allTextContents()).toEqual(["mail", "git"]);
      expect(await names(page)).toEqual(["mail", "git", "cache"]);
    },
    TIMEOUT_MS,
  );

  test(
    "finds services by words and state, and remembers the order",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.services = fakeServices(200);
      await page.goto(stand.instance.url);
      await sees(page, ".headline", /^✗8 of 200 services are not well: .* and 5 more\.$/);
      expect(await page.locator(".tile").count()).toBe(200);
      await page.getByRole("button", { name: "down 4", exact: true }).click();
      expect(await names(page)).toEqual(["chat", "service-60", "service-110", "service-160"]);
      await page.getByLabel("Search").fill("listens service-60");
      expect(await names(page)).toEqual(["service-60"]);
      await page.getByLabel("Search").fill("nowhere");
      await page.getByRole("button", { name: "Show all 200" }).click();
      await page.getByLabel("Order").selectOption("worst first");
      expect((await names(page)).slice(0, 2)).toEqual(["chat", "service-60"]);
      await page.locator(".tile h3 a").first().click();
      await page.getByRole("link", { name: "← all services" }).click();
      await page.locator(".tile").first().waitFor();
      expect((await names(page)).slice(0, 2)).toEqual(["chat", "service-60"]);
      await page.reload();
      await page.locator(".tile").first().waitFor();
      expect((await names(page))[0]).toBe("chat");
    },
    TIMEOUT_MS,
  );

  test(
    "tells each day to the pointer and to the arrow keys",
    async () => {
      const page = await stand.open("");
      const bar = page.locator(".tile:has-text('git') .uptime");
      await bar.focus();
      const said = () => bar.getAttribute("aria-valuetext");
      expect(await said()).toBe("today: up all the time");
      expect(await bar.locator(".day-text").textContent()).toBe("today: up all the time");
      await page.keyboard.press("Home");
      expect(await said()).toMatch(/^\d+ \w+: nothing is known$/);
      await page.keyboard.press("ArrowRight");
      expect(await bar.getAttribute("aria-valuenow")).toBe("1");
      await page.keyboard.press("Tab");
      expect(await page.locator(".day-text").count()).toBe(0);
      const { width, height } = (await bar.boundingBox())!;
      // The day of an outage is the 87th of 90.
      await bar.hover({ position: { x: (86.5 / 90) * width, y: height / 2 } });
      expect(await bar.locator(".day-text").textContent()).toMatch(/^\d+ \w+: 98\.6 % up, down 20 min$/);
    },
    TIMEOUT_MS,
  );

  test(
    "shows one service with its uptime, latency, changes and answers under an address of its own",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.services = [
        fakeService("router", { state: "down", reason: WHY }),
        fakeService("git", { state: "unknown", after: "router", certificateUntilMs: Date.now() + 30.5 * 86_400_000 }),
      ];
      await page.goto(`${stand.instance.url}#/services/git/7d`);
      await sees(page, ".service-head", /^git\? unknownsince .*Stands onrouterCertificate30 days, until/);
      await sees(page, ".service-uptime", /^24 hours100 %7 days99\.98 %30 days99\.91 %90 days99\.73 %$/);
      await sees(page, "[aria-label='Changes'] tbody", /✓ up28 min–.*✗ down13 minnothing listens/);
      await sees(page, "[aria-label='Last answers'] tbody", /✓ up10 ms–/);
      await page.getByRole("button", { name: "all 50" }).click();
      expect(await page.locator("[aria-label='Last answers'] tbody tr").count()).toBe(50);
      await page.locator(".plot canvas").waitFor();
      expect(await page.locator(".looks [aria-current]").textContent()).toBe("7d");
      await page.getByRole("link", { name: "24h" }).click();
      expect(page.url()).toEndWith("#/services/git/24h");
      expect(await page.title()).toBe("(2) git · tenk");
      await page.locator(".service-facts a", { hasText: "router" }).click();
      await sees(page, ".service-head", /^router✗ down.*Stand on itgit/);
      await page.goto(`${stand.instance.url}#/services/gone`);
      await sees(page, ".empty", /^This service is not probedThere is no gone in services:/);
    },
    TIMEOUT_MS,
  );

  test(
    "begins and ends maintenance of a service where alerts run",
    async () => {
      const page = await stand.open("#/services/git");
      await page.locator(".service-head").waitFor();
      expect(await page.locator(".maintenance").count()).toBe(0);
      stand.instance.maintenance = [];
      await page.getByLabel("No alerts for").selectOption("2 hours");
      await page.getByRole("button", { name: "Begin maintenance" }).click();
      await sees(page, ".maintenance", /^In maintenance until \d+ \w+ \d\d:\d\d:\d\dEnd it$/);
      expect(stand.instance.maintenance).toMatchObject([{ services: ["git"] }]);
      await page.getByRole("button", { name: "End it" }).click();
      await sees(page, ".maintenance", /Begin maintenance/);
      expect(stand.instance.maintenance).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "offers what is found and not declared as text to copy",
    async () => {
      const page = await stand.open("about:blank");
      stand.instance.services = [];
      stand.instance.undeclared = "services:\n  redis: redis://127.0.0.1:6379  # redis-server (pid 812)\n";
      await page.goto(stand.instance.url);
      await sees(page, ".headline", /^\?No problem is known; no service is probed\.$/);
      await sees(page, ".empty", /^No service is declared/);
      expect(stand.instance.asked.some((each) => each.includes("discover"))).toBe(false);
      await page.getByRole("button", { name: "Look" }).click();
      await sees(page, ".undeclared [role=status]", /^1 is not declared: copy .* 2 are declared already\.$/);
      expect(await page.locator(".undeclared pre").textContent()).toBe(stand.instance.undeclared);
      await page.getByRole("button", { name: "Copy" }).click();
      expect(await page.evaluate<string>("getSelection().toString()")).toStartWith("services:\n  redis: redis://");
      stand.instance.services = undefined;
      await sees(page, ".undeclared .note", /^On the machine itself sudo tenk discover prints what listens there/);
    },
    TIMEOUT_MS,
  );

  test(
    "says that nothing is known while tenk does not answer",
    async () => {
      stand.expected.push(/503|EventSource|ERR_/);
      const page = await stand.open("about:blank");
      await page.clock.install();
      await page.goto(stand.instance.url);
      await sees(page, ".headline", /All 14 services are well/);
      await sees(page, ".live", /live/);
      stand.instance.stop();
      await page.clock.runFor(20_000);
      await sees(page, ".headline", /^\?Not known: tenk has not answered since/);
    },
    TIMEOUT_MS,
  );
});
