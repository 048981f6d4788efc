import { describe, expect, test } from "bun:test";
import { startSampling } from "../../src/app/monitoring/sampling.ts";
import { type Family, History, openHost, openProcessReader } from "../../src/metrics/mod.ts";
import { CountRows } from "../../src/net/counts.ts";
import { keptLog } from "./admin/support.ts";
import { instanceMetrics } from "./instance-metrics.ts";

/** Seconds that go by when they are asked to. */
function sampled(gather: () => Promise<readonly Family[]> = async () => []) {
  const rows = new CountRows(1);
  const reader = openProcessReader();
  const host = openHost();
  const history = new History();
  const log = keptLog();
  let lagMs = 0;
  let seconds = 0;
  const metrics = instanceMetrics({
    process: () => reader.read(),
    listeners: () => [{ name: "packets", counts: rows.read() }],
  });
  const sampling = startSampling({
    history,
    metrics: () => metrics,
    host: () => host.sample(),
    takeLagMs: () => lagMs,
    gather,
    onSecond: () => {
      seconds += 1;
    },
    log,
  });
  const startMs = Date.now();
  // Not the time itself: between two looks exactly a second passes, however busy the machine is.
  const startElapsedMs = performance.now();
  let at = 0;
  return {
    sampling,
    history,
    log,
    row: rows.row(0),
    stallFor(ms: number) {
      lagMs = ms;
    },
    get seconds() {
      return seconds;
    },
    async next(): Promise<Record<string, number | null>> {
      // A look at the counts serves a whole turn of the loop.
      await Promise.resolve();
      at += 1;
      sampling.tick(startMs + at * 1000, startElapsedMs + at * 1000);
      const { v } = history.columns(0).at(-1)!;
      return Object.fromEntries(history.keys().map((key, index) => [key, v[index] ?? null]));
    },
    stop() {
      sampling.stop();
      reader.close();
    },
  };
}

describe("a second", () => {
  test("has the instance, its listeners and the machine, under the names of /metrics", async () => {
    const world = sampled();
    await world.next();
    world.row[2] = 1000; // accepted
    world.row[0] = 10; // active
    world.stallFor(250);
    const second = await world.next();
    expect(second['tenk_tcp_connections_active{listener="packets"}']).toBe(10);
    expect(second['tenk_tcp_connections_accepted_total{listener="packets"}']).toBeCloseTo(1000, -1);
    expect(second.tenk_event_loop_lag_max_seconds).toBe(0.25);
    expect(second.process_resident_memory_bytes).toBeGreaterThan(2 ** 20);
    expect(second.node_load1).toBeGreaterThanOrEqual(0);
    expect(second.node_memory_MemTotal_bytes).toBeGreaterThan(2 ** 20);
    expect(second['tenk_host_cpu_seconds_total{mode="idle"}']).toBeGreaterThanOrEqual(0);
    const reasons = Object.keys(second).filter((key) => key.includes("reason="));
    expect(reasons).toEqual([]);
    world.row[32] = 4; // closed, by the first of the reasons
    expect(Object.keys(await world.next()).filter((key) => key.includes("reason="))).toHaveLength(1);
    expect(world.sampling.helpOf("node_load1")).not.toBe("");
    expect(world.sampling.helpOf("tenk_tcp_connections_active")).toBe("Connections open now.");
    world.stop();
  });

  test("has users' own metrics as soon as they exist", async () => {
    let families: Family[] = [];
    const world = sampled(async () => families);
    const sample = (value: number, suffix?: string) => ({
      value,
      labels: {},
      ...(suffix === undefined ? {} : { suffix }),
    });
    families = [
      { name: "chat_lines", help: "Lines.", type: "gauge", samples: [sample(5)] },
      { name: "chat_seconds", help: "Times.", type: "histogram", samples: [sample(1, "_bucket"), sample(2, "_count")] },
    ];
    await world.next();
    expect((await world.next()).chat_lines).toBe(5);
    expect(Object.keys(await world.next())).toContain("chat_seconds_count");
    expect(Object.keys(await world.next())).not.toContain("chat_seconds_bucket");
    expect([world.sampling.helpOf("chat_lines"), world.sampling.helpOf("chat_seconds_count")]).toEqual([
      "Lines.",
      "Times.",
    ]);
    world.stop();
  });

  test("does not wait for who does not answer, nor fail with them", async () => {
    let asked = 0;
    const never = sampled(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    for (let count = 0; count < 5; count++) await never.next();
    expect(asked).toBe(1);
    expect(never.seconds).toBe(6);
    never.stop();
    const failing = sampled(async () => {
      throw new Error("no");
    });
    for (let count = 0; count < 5; count++) {
      await failing.next();
      await Promise.resolve();
    }
    expect(failing.log.lines).toEqual([["warn", "metrics not gathered", { error: "no", count: 1 }]]);
    failing.stop();
  });
});
