import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import type { ProbeView, ServiceAnswer } from "../../src/probe/mod.ts";
import { ServicesFile } from "../../src/store/services-file.ts";
import { keptLog } from "../app/admin/support.ts";

let folder: string;
let web: Server;
let port = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenk-restart-"));
  web = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  port = (web.address() as AddressInfo).port;
});
afterAll(() => {
  web.close();
  rmSync(folder, { recursive: true });
});

const PATIENT_MS = 20_000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENT_MS; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`Not within ${PATIENT_MS} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function start(services: string, data = "data") {
  const text = `proxy: off\nprobe: { bootGrace: 0s, interval: 1s, retries: [100ms] }\ndashboard: { listen: "127.0.0.1:0" }\nservices: { ${services} }\n`;
  const log = keptLog();
  const instance = await up(parseConfig(text, "tenk.yaml", folder), { log, dataFolder: join(folder, data) });
  const views = async () => ((await instance.status()).parts.probe as ProbeView).services;
  const viewOf = async (name: string) => (await views()).find(({ service }) => service === name)!;
  /** Waits until each of them has been probed `count` times. */
  const probed = (count: number) =>
    until(async () => {
      const families = await instance.families();
      const counts = families.find(({ name }) => name === "tenk_probe_probes_total")!.samples;
      return ["git", "gone"].every((name) => {
        const sum = counts.reduce((sum, { labels, value }) => sum + (labels.service === name ? value : 0), 0);
        return sum >= count;
      });
    });
  const changes = () => log.lines.flatMap(([, message, fields]) => (message.startsWith("service ") ? [`${fields.service} ${message}`] : [])); // biome-ignore format: one line
  return { instance, viewOf, probed, changes };
}

async function answer(instance: Instance, name: string): Promise<Response> {
  const url = new URL(`api/probe/service?name=${name}`, instance.statusUrl);
  return fetch(url);
}

test("after a restart services are as they were known: no change, no new outage, no line in the log", async () => {
  const services = `git: "http://127.0.0.1:${port}", gone: "tcp://127.0.0.1:1"`;
  const first = await start(services);
  await until(async () => (await first.viewOf("gone")).state === "down" && (await first.viewOf("git")).state === "up");
  const before = { git: await first.viewOf("git"), gone: await first.viewOf("gone") };
  await first.instance.stop(0);

  const second = await start(services);
  await second.probed(3);
  expect(second.changes()).toEqual([]);
  for (const name of ["git", "gone"] as const) {
    const { state, sinceMs } = before[name];
    expect(await second.viewOf(name)).toMatchObject({ service: name, state, sinceMs });
  }
  expect((await second.instance.status()).problems).toMatchObject([{ key: "service/gone", sinceMs: before.gone.sinceMs }]); // biome-ignore format: one line
  const git = (await (await answer(second.instance, "git")).json()) as ServiceAnswer;
  expect(git.changes).toMatchObject([{ from: "pending", to: "up", atMs: before.git.sinceMs, reason: null }]);
  expect(git.days).toHaveLength(90);
  expect(git.days.at(-1)).toMatchObject({ downMs: 0, degradedMs: 0 });
  expect(git.view).toMatchObject({ kind: "http", address: `http://127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/`, uptime: { day: 1, quarter: 1 } }); // biome-ignore format: one line
  expect(git.view.days.slice(-2)).toEqual([0, 1]);
  expect(git.answers.length).toBeGreaterThanOrEqual(3);
  expect(git.answers[0]).toMatchObject({ result: "up", reason: null, latencyMs: expect.any(Number) });
  const { series } = (await (await fetch(new URL("api/names", second.instance.statusUrl))).json()) as { series: { key: string }[] }; // biome-ignore format: one line
  expect(series.map(({ key }) => key).filter((key) => key.includes('service="git"'))).toEqual(['probe_duration_seconds{service="git"}']); // biome-ignore format: one line
  const gone = (await (await answer(second.instance, "gone")).json()) as ServiceAnswer;
  expect(gone.view.uptime).toEqual({ day: 0, week: 0, month: 0, quarter: 0 });
  expect(gone.answers[0]!.reason).toContain("is it running?");
  expect((await answer(second.instance, "other")).status).toBe(404);
  await second.instance.stop(0);
});

/** Returns how many services have changes; 0 also for a file that was copied while it was written. */
function keptIn(data: string): number {
  try {
    const file = new ServicesFile(join(data, "services.sqlite"));
    const kept = file.read(10)?.services ?? [];
    file.close();
    return kept.filter(({ changes }) => changes.length > 0).length;
  } catch {
    return 0;
  }
}

test("what has changed is on the disk soon: after a crash, too, services are as they were known", async () => {
  const services = `git: "http://127.0.0.1:${port}", gone: "tcp://127.0.0.1:1"`;
  const first = await start(services, "crashed");
  const [from, to] = [join(folder, "crashed"), join(folder, "copy")];
  await until(async () => {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
    return keptIn(to) === 2;
  });
  const second = await start(services, "copy");
  await second.probed(2);
  expect(second.changes()).toEqual([]);
  await Promise.all([first.instance.stop(0), second.instance.stop(0)]);
});
