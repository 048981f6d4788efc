import { afterEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { parseConfig, up } from "../../src/app/mod.ts";
import type { RelayStatus, StatusAnswer, TargetView } from "../../src/dash/mod.ts";
import { Client } from "../net/support.ts";
import { cleanUp, later, naming, nowhere } from "../tcp/relay-support.ts";
import { hasBrowser, launchBrowser, sees, stage, TIMEOUT_MS } from "./browser.ts";

const IMAGE = "<img src=x onerror=alert(1)>";
const TURNED = "safe\u202egnp.exe";

const OUT: TargetView = {
  address: "10.0.0.6:5432",
  state: "out",
  weight: 1,
  active: 0,
  total: 7,
  failures: 3,
  bytesToTarget: 0,
  bytesFromTarget: 0,
  connectMs: 1,
  lastError: "no answer",
  lastErrorAt: "2025-05-04T10:00:00.000Z",
  outSince: "2025-05-04T10:00:00.000Z",
  nextTryAt: "2025-05-04T10:00:10.000Z",
};

if (hasBrowser()) {
  afterEach(cleanUp);

  test(
    "the page shows the state of each target of a relay, live",
    async () => {
      const [living, dead] = [await naming("one"), await nowhere()];
      const relay = { targets: [living.address, dead], health: { failures: 1 } };
      const config = {
        tcp: { db: { listen: "127.0.0.1:0", handler: "relay", relay } },
        dashboard: { listen: "127.0.0.1:0" },
      };
      const instance = await up(parseConfig(JSON.stringify(config), "tenk.yaml"));
      later(() => instance.stop(0));
      const browser = await launchBrowser();
      later(() => browser.close());
      const page = await browser.newPage();
      await page.goto(`${instance.statusUrl}#/now`);
      const row = (at: number) => `.targets tbody tr:nth-child(${at})`;
      await sees(page, row(1), new RegExp(`^${living.address}✓ up000––$`));
      await sees(page, row(2), new RegExp(`^${dead}✓ up000––$`));
      // The second goes to the dead one first.
      const clients = [1, 2].map(() => new Client(instance.listeners[0]!.port));
      await sees(page, row(1), new RegExp(`^${living.address}✓ up220––$`));
      await sees(page, row(2), new RegExp(`^${dead}✗ out001.*, next try \\d.*nobody listens there`));
      await sees(page, ".targets-title", /2 pairs, 0 clients/);
      for (const { socket } of clients) socket.destroy();
      await sees(page, row(1), /✓ up020––$/);
    },
    TIMEOUT_MS,
  );
}

describe.if(hasBrowser())("a relay's targets on the page", () => {
  const stand = stage();

  /** Has the instance's second listener be a relay. */
  async function showing(relay: RelayStatus | undefined, width = 1440): Promise<Page> {
    const page = await stand.open("about:blank", { width });
    await page.route("**/api/status", async (route) => {
      const status = (await (await route.fetch()).json()) as StatusAnswer;
      const [first, second] = status.parts.tcp!.listeners;
      const listeners = [first, { ...second, handler: "relay", ...(relay && { relay }) }];
      await route.fulfill({ json: { ...status, parts: { tcp: { listeners } } } });
    });
    await page.goto(`${stand.instance.url}#/now`);
    return page;
  }

  const relayOf = (...targets: Partial<TargetView>[]): RelayStatus => ({
    pairs: 1,
    withoutTarget: 0,
    targets: targets.map((more) => ({ ...OUT, ...more })),
    targetsLeftOut: 0,
  });

  test.each<[Partial<TargetView>, RegExp]>([
    [{}, /✗ out073.*2025 10:00:00, next try 10:00:10no answer /],
    [{ nextTryAt: null }, /✗ out073.*10:00:00no answer /],
    [{ state: "partly out" }, /partly out073.*, next try 10:00:10/],
    [{ state: "draining", active: 4 }, /draining473.*10:00:00no answer/],
    [{ state: "up", outSince: null, nextTryAt: null }, /✓ up073–no answer /],
    [{ state: "up", outSince: null, nextTryAt: null, lastError: null, lastErrorAt: null }, /✓ up073––$/],
  ])(
    "show their state: %j",
    async (more, words) => {
      await sees(await showing(relayOf(more)), ".targets tbody tr", words);
    },
    TIMEOUT_MS,
  );

  test(
    "show how many are left out, and that none is known yet",
    async () => {
      const many = await showing({ ...relayOf({}), targetsLeftOut: 1200 });
      await sees(many, ".targets-title", /1 pair, 0 clients/);
      await sees(many, ".listener:last-of-type > .note", /^1 200 more/);
      await sees(
        await showing(undefined),
        ".listener:last-of-type > .note",
        /^The state of its targets is not known yet/,
      );
    },
    TIMEOUT_MS,
  );

  test.each([1440, 700, 390])(
    "show hostile text as text, within their panel, on a screen of %p",
    async (width) => {
      const long = `${IMAGE} ${TURNED} ${"x".repeat(250)}`;
      const page = await showing(relayOf({ address: `${IMAGE}${TURNED}`, lastError: long }, {}), width);
      const words = await sees(page, ".targets tbody", /<img src=x onerror=alert\(1\)>/);
      expect(words.split("safe\\u202egnp.exe")).toHaveLength(3);
      expect(words).not.toContain("\u202e");
      expect(await page.locator(".targets img").count()).toBe(0);
      const outside = `[...document.querySelectorAll(".targets tbody *")].filter((each) => {
        const { left, right } = each.getBoundingClientRect();
        const panel = each.closest(".panel").getBoundingClientRect();
        return right > Math.min(panel.right, innerWidth) + 0.5 || left < panel.left - 0.5;
      }).length`;
      expect(await page.evaluate(outside)).toBe(0);
    },
    TIMEOUT_MS,
  );
});
