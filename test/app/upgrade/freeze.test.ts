import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertsView } from "../../../src/alerts/mod.ts";
import { type Instance, parseConfig, up } from "../../../src/app/mod.ts";
import type { ProbeView } from "../../../src/probe/mod.ts";
import { closedPort, Sink } from "../../alerts/sink.ts";
import { keptLog } from "../admin/support.ts";

/** A service that is down, with one alert to tell of it, and two processes' worth of instances on one data folder. */
async function withBox(
  work: (box: {
    start(startsFrozen?: boolean): Promise<{ instance: Instance; log: ReturnType<typeof keptLog> }>;
    readonly sink: Sink;
    readonly folder: string;
  }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "freeze-"));
  await using sink = await Sink.open();
  const port = await closedPort();
  const text = `proxy: off
dashboard: { listen: "127.0.0.1:0" }
data: { folder: ${folder} }
probe: { bootGrace: 0s, interval: 1s, retries: [100ms] }
services: { git: "tcp://127.0.0.1:${port}" }
alerts: { name: pi, gather: 0s, channels: { phone: { webhook: { url: "${sink.url}/x" } } } }
`;
  const running: Instance[] = [];
  try {
    await work({
      sink,
      folder,
      async start(startsFrozen = false) {
        const log = keptLog();
        const instance = await up(parseConfig(text, "tenk.yaml", folder), { log, startsFrozen });
        running.push(instance);
        return { instance, log };
      },
    });
  } finally {
    for (const each of running) await each.stop(0);
    rmSync(folder, { recursive: true });
  }
}

const incidentsOf = async (instance: Instance) => ((await instance.status()).parts.alerts as AlertsView).incidents;
const serviceOf = async (instance: Instance) => ((await instance.status()).parts.probe as ProbeView).services[0]!;

/** Returns the seconds of a series of an instance in the last minute. */
async function secondsOf({ statusUrl }: Instance, name: string): Promise<number[]> {
  const url = new URL(`api/series?name=${name}&from=${Date.now() - 60_000}&to=${Date.now()}&step=1000`, statusUrl);
  const { series } = (await (await fetch(url)).json()) as { series: { t: number[]; mean: (number | null)[] }[] };
  const { t, mean } = series[0]!;
  return t.filter((_, at) => mean[at] !== null);
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("another process takes over: no alert twice, states and seconds as they were, one mark", async () => {
  await withBox(async ({ start, sink, folder }) => {
    const { instance: before } = await start();
    await until(() => sink.received.length === 1, "an alert");
    await until(async () => (await secondsOf(before, "node_load1")).length >= 2, "two seconds");
    const known = await serviceOf(before);
    const { instance: after, log } = await start(true);
    expect(log.lines.map(([, message]) => message)).not.toContain("history not written");
    const state = await before.freeze(() => undefined);
    const seconds = await after.thaw(JSON.parse(JSON.stringify(state))).then(() => secondsOf(after, "node_load1"));
    await before.stop(0);
    expect(seconds.length).toBeGreaterThanOrEqual(2);
    await until(async () => (await secondsOf(after, "node_load1")).length > seconds.length, "a second of its own");
    const all = await secondsOf(after, "node_load1");
    const gaps = all.slice(1).map((second, at) => (second - all[at]!) / 1000 - 1);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1);
    await until(async () => (await serviceOf(after)).state === "down", "the state");
    expect(await serviceOf(after)).toMatchObject({ state: "down", sinceMs: known.sinceMs });
    await until(async () => (await incidentsOf(after))[0]?.told[0] === "phone", "the incident of before");
    expect(sink.received.length).toBe(1);
    const marks = readFileSync(join(folder, "marks"), "utf8").trim().split("\n");
    expect(marks.map((line) => JSON.parse(line).kind)).toEqual(["start", "upgrade"]);
    expect(log.lines.filter(([level]) => level === "warn" || level === "error")).toEqual([]);
  });
});

test("after a freeze that nobody followed it goes on: probes, alerts, dashboard, history", async () => {
  await withBox(async ({ start, sink, folder }) => {
    const { instance, log } = await start();
    await until(() => sink.received.length === 1, "an alert");
    const url = instance.statusUrl;
    await instance.freeze(() => undefined);
    await instance.thaw();
    expect((await fetch(new URL("healthz", url))).status).toBe(200);
    const probes = async () =>
      (await instance.families()).find(({ name }) => name === "tenk_probe_probes_total")!.samples.reduce((sum, { value }) => sum + value, 0); // biome-ignore format: one line
    const before = await probes();
    await until(async () => (await probes()) > before, "a probe");
    await instance.stop(0);
    const marks = readFileSync(join(folder, "marks"), "utf8").trim().split("\n");
    expect(marks.map((line) => JSON.parse(line).kind)).toEqual(["start", "stop"]);
    expect(log.lines.filter(([level, message]) => level === "error" || message.includes("not written"))).toEqual([]);
  });
});
