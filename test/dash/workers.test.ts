import { expect, test } from "bun:test";
import { join } from "node:path";

import { parseConfig, up } from "../../src/app/mod.ts";
import { untilListeners } from "../app/listeners-of.ts";
import { Client, until } from "../net/support.ts";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "./browser.ts";

const STUCK = join(import.meta.dirname, "../net/stuck-handler.ts");
const CONNECTIONS = 30;

if (hasBrowser()) {
  test(
    "the page shows the connections of each worker, also of one that is blocked",
    async () => {
      const listener = { listen: "127.0.0.1:0", handler: STUCK, workers: 2 };
      const config = { tcp: { wide: listener }, dashboard: { listen: "127.0.0.1:0" } };
      const instance = await up(parseConfig(JSON.stringify(config), "tenk.yaml"));
      const browser = await launchBrowser();
      try {
        const opening = Array.from({ length: CONNECTIONS }, () => new Client(instance.listeners[0]!.port).connected());
        const clients = await Promise.all(opening);
        clients[0]!.socket.write("x");
        await untilListeners(instance, ([first]) => first!.counts.reads === 1);
        const page = await browser.newPage();
        await page.goto(`${instance.statusUrl}#/now`);
        const cells = async (selector: string) => page.locator(`.workers ${selector}`).allTextContents();
        let open: number[] = [];
        const asking = setInterval(() => {
          cells("td:nth-child(2)").then((texts) => { open = texts.map(Number); }, () => {}); // biome-ignore format: one thought
        }, 100);
        await until(() => open.length === 2 && open.every((count) => count > 0), 15_000);
        clearInterval(asking);
        expect(open[0]! + open[1]!).toBe(CONNECTIONS);
        expect((await cells("thead th")).slice(0, 6)).toEqual([
          "Worker",
          "Connections",
          "Reads",
          "Read",
          "Written",
          "Write queues",
        ]);
        for (const client of clients) client.socket.destroy();
      } finally {
        await browser.close();
        await instance.stop(0);
      }
    },
    TIMEOUT_MS,
  );
}
