import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { startPrometheus } from "../app/prometheus-support.ts";
import { startTenk } from "../cli/tenk.ts";
import { Client, until } from "../net/support.ts";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "./browser.ts";

const FILE = join(import.meta.dirname, "../../examples/packets.ts");
const hasPrometheus = existsSync("/usr/bin/prometheus");
if (!hasPrometheus) {
  test.skipIf(process.env.CI !== "true")("a user's counter in Prometheus: needs prometheus", () => {
    throw new Error("This check needs prometheus, and must not be left out in CI");
  });
}

test("examples/packets.ts has five lines", () => {
  expect(readFileSync(FILE, "utf8").trim().split("\n")).toHaveLength(5);
});

if (hasBrowser() && hasPrometheus) {
  test(
    "a counter of one line in a handler is on the page, and in Grafana's queries",
    async () => {
      const running = startTenk(["run", FILE, "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json"]);
      const { listeners, statusUrl } = JSON.parse((await running.sees("stdout", /^{.*}$/m))[0]);
      const target = { targets: [new URL(statusUrl).host] };
      using prometheus = await startPrometheus([{ job_name: "tenk", static_configs: [target] }]);
      const browser = await launchBrowser();
      try {
        const client = await new Client(listeners[0].port).connected();
        const sending = setInterval(() => client.socket.write("packet"), 10);
        const page = await browser.newPage();
        await page.goto(`${statusUrl}#/now`);
        await page.getByText("packets_received_total").first().waitFor();
        let rate = 0;
        const asking = setInterval(() => {
          const asked = prometheus.query("rate(packets_received_total[5s])");
          asked.then(([answer]) => { rate = answer?.value ?? 0; }, () => {}); // biome-ignore format: one thought
        }, 200);
        await until(() => rate > 10 && rate < 150, 15_000);
        for (const timer of [sending, asking]) clearInterval(timer);
        client.socket.destroy();
      } finally {
        await browser.close();
        running.child.kill("SIGTERM");
        await running.ended;
      }
    },
    TIMEOUT_MS,
  );
}
