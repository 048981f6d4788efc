/**
 * Run by `contained.test.ts`. A box as many run it: in a cgroup of 256 MiB inside a network namespace, behind nginx below a path, beside a second box of the
 * same host name that pushes to the same Prometheus. All of it is in a network of its own, with Debian's nginx, Prometheus and
 * Chromium:
 *
 * ```text
 *  test, Chromium ─► nginx /tenk/ ─► box 1: 10.9.0.2, eth0, 256 MiB ─┐
 *                                    box 2: 127.0.0.1 ───────────────┴─► Prometheus
 * ```
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { startTenk, type Tenk, tenk } from "../cli/tenk.ts";
import { launchBrowser, sees, TIMEOUT_MS } from "../dash/browser.ts";
import { type Nginx, startNginx } from "./admin/nginx-support.ts";
import { HASH, newFolder } from "./admin/support.ts";
import { newCgroup } from "./cgroup-support.ts";
import { type Prometheus, startPrometheus } from "./prometheus-support.ts";

describe("an instance that is contained", () => {
  const ends: (() => unknown)[] = [];
  const clients: Socket[] = [];
  let browser: Browser;
  let prometheus: Prometheus;
  let nginx: Nginx;
  let contained: Tenk;
  let token = "";
  let page = "";

  beforeAll(async () => {
    prometheus = await startPrometheus([], "0.0.0.0");
    ends.push(() => prometheus[Symbol.dispose]());
    const port = new URL(prometheus.url).port;
    const cgroup = newCgroup();
    ends.push(() => rmdirSync(cgroup!));
    const folder = newFolder();
    writeFileSync(
      join(folder, "tenk.yaml"),
      JSON.stringify({
        tcp: { packets: { listen: "9091" } },
        dashboard: { listen: "0.0.0.0:9190", password: HASH, proxies: ["10.9.0.1"] },
        data: { folder: "./data" },
      }),
    );
    const enter = `echo $$ > ${cgroup}/cgroup.procs; ip link set lo up
      until ip link show eth0 >/dev/null 2>&1; do sleep .05; done
      ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up; exec "$@"`;
    const push = ["--push-every", "1s", "--push"];
    contained = startTenk(["up", "--json", ...push, `http://10.9.0.1:${port}`], {
      cwd: folder,
      wrapped: ["unshare", "-n", "sh", "-c", enter, "sh"],
    });
    ends.push(() => endOf(contained));
    await until(
      () => spawnSync("nsenter", ["-t", `${contained.child.pid}`, "-n", "ip", "link", "set", "lo", "up"]).status === 0,
    );
    ip("link", "add", "veth0", "type", "veth", "peer", "name", "eth0", "netns", `${contained.child.pid}`);
    ip("addr", "add", "10.9.0.1/24", "dev", "veth0");
    ip("link", "set", "veth0", "up");
    await contained.sees("stdout", /^{.*}$/m);
    token = readFileSync(join(folder, "data/token"), "utf8").trim();
    nginx = await startNginx(
      "location /tenk/ { proxy_pass http://10.9.0.2:9190/; proxy_set_header X-Forwarded-For $remote_addr; }",
    );
    ends.push(() => nginx[Symbol.asyncDispose]());
    page = `${nginx.url}/tenk/`;
    const beside = startTenk([
      "up",
      "--json",
      "--listen",
      "127.0.0.1:9092",
      "--dashboard",
      "127.0.0.1:0",
      ...push,
      prometheus.url,
    ]);
    ends.push(() => endOf(beside));
    await beside.sees("stdout", /^{.*}$/m);
    for (const [host, port, count] of [
      ["10.9.0.2", 9091, 3],
      ["127.0.0.1", 9092, 1],
    ] as const)
      for (let each = 0; each < count; each++) clients.push(connect(port, host));
    browser = await launchBrowser();
    ends.push(() => browser.close());
  }, TIMEOUT_MS);

  afterAll(async () => {
    for (const client of clients) client.destroy();
    for (const end of ends.reverse()) await end();
  }, TIMEOUT_MS);

  test("tenk status asks it through nginx with its token, and in its own network without", async () => {
    const through = await startTenk(["status", "--url", page.slice(0, -1)], { env: { TENK_TOKEN: token } }).ended;
    expect([through.code, through.stderr]).toEqual([0, ""]);
    expect(through.stdout).toContain("packets");
    const within = await startTenk(["status"], { wrapped: ["nsenter", "-t", `${contained.child.pid}`, "-n"] }).ended;
    expect([within.code, within.stdout.includes("packets")]).toEqual([0, true]);
    expect((await tenk(["status", "--url", page])).stderr).toContain("TENK_TOKEN");
  });

  test("a person logs in below the path, sees it live, and a load test that names it as it goes", async () => {
    const context = await browser.newContext();
    const view = await context.newPage();
    const failed: string[] = [];
    await view.goto(page);
    await view.getByLabel("Password").fill("correct horse");
    view.on("response", (response) => {
      if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
    });
    await view.getByRole("button", { name: "Log in" }).click();
    await sees(view, ".live", /live/);
    await view.goto(`${page}#/now`);
    await view.locator(".listener canvas").first().waitFor();
    const words = ["-c", "5", "-r", "20", "-m", "ping", "-T", "4s", "--no-live", "--expect", "lost=0", "--json", "-"];
    const load = startTenk(["load", "tcp", "10.9.0.2:9091", ...words, "--stats-url", page], {
      env: { TENK_TOKEN: token },
    });
    await view.goto(`${page}#/runs`);
    await view.locator(".dot").waitFor();
    const { code, stdout, stderr } = await load.ended;
    const { server, messages } = JSON.parse(stdout) as { server: { received: number }; messages: { sent: number } };
    expect([code, server.received]).toEqual([0, messages.sent]);
    expect(stderr).toContain(`show=${page}#/runs/1`);
    await view.locator("td.pick").waitFor();
    expect(failed).toEqual([]);
    await context.close();
  });

  test("Prometheus has the series of each instance apart", async () => {
    const series = 'max by (instance) (tenk_tcp_connections_active{job="tenk"})';
    let found = await prometheus.query(series);
    for (let tries = 0; tries < 300; tries++) {
      if (
        found
          .map(({ value }) => value)
          .toSorted()
          .join() === "1,3"
      )
        break;
      await Bun.sleep(100);
      found = await prometheus.query(series);
    }
    const instances = found.toSorted((a, b) => a.value - b.value).map(({ metric }) => metric.instance!);
    expect(found.map(({ value }) => value).toSorted()).toEqual([1, 3]);
    expect(new Set(instances).size).toBe(2);
    for (const instance of instances) expect(instance).toMatch(new RegExp(`^${hostname()}-[0-9a-f]{8}$`));
    const samples = await prometheus.samples(`tenk_tcp_connections_active{instance="${instances[0]}"}`);
    expect(samples.flatMap(({ values }) => values.map(([, value]) => value)).every((value) => value <= 1)).toBe(true);
  });

  test("the page and tenk status say the cgroup's 256 MiB", async () => {
    const { stdout } = await startTenk(["status", "--url", page], { env: { TENK_TOKEN: token } }).ended;
    expect(stdout).toContain("256 MiB");
    const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
    const view = await context.newPage();
    await view.goto(page);
    await sees(view, "main", /256 MiB/);
    await context.close();
  });
});

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (condition()) return;
    await Bun.sleep(50);
  }
  throw new Error("not within 10 s");
}

async function endOf({ child, ended }: Tenk): Promise<void> {
  child.kill("SIGTERM");
  await ended;
}
