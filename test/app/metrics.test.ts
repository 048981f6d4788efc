import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { parseConfig, up } from "../../src/app/mod.ts";
import { loopFamilies } from "../../src/app/monitoring/loop-metrics.ts";
import { exposition, familiesOf, openProcessReader } from "../../src/metrics/mod.ts";
import {
  CLOSE_REASONS,
  type CloseReason,
  type ListenerCounts,
  openVitals,
  REJECTION_REASONS,
  type RejectionReason,
  type WorkerCounts,
} from "../../src/net/mod.ts";
import { until } from "../net/support.ts";
import { instanceMetrics } from "./instance-metrics.ts";
import { untilListeners } from "./listeners-of.ts";

/** Every name tenk exposes, and its type: what other people's dashboards and alarms stand on. */
const NAMES: Readonly<Record<string, string>> = {
  process_cpu_seconds_total: "counter",
  process_cpu_user_seconds_total: "counter",
  process_cpu_system_seconds_total: "counter",
  process_resident_memory_bytes: "gauge",
  tenk_process_anonymous_memory_bytes: "gauge",
  process_virtual_memory_bytes: "gauge",
  process_open_fds: "gauge",
  process_max_fds: "gauge",
  process_start_time_seconds: "gauge",
  tenk_tcp_connections_active: "gauge",
  tenk_tcp_connections_peak: "gauge",
  tenk_tcp_connections_accepted_total: "counter",
  tenk_tcp_connections_rejected_total: "counter",
  tenk_tcp_connections_closed_total: "counter",
  tenk_tcp_bytes_read_total: "counter",
  tenk_tcp_bytes_written_total: "counter",
  tenk_tcp_reads_total: "counter",
  tenk_tcp_frames_read_total: "counter",
  tenk_tcp_writes_total: "counter",
  tenk_tcp_write_queue_bytes: "gauge",
  tenk_tcp_drains_total: "counter",
  tenk_tcp_handler_errors_total: "counter",
  tenk_tcp_worker_restarts_total: "counter",
  tenk_tcp_handshakes_in_progress: "gauge",
  tenk_tcp_tls_handshakes_total: "counter",
  tenk_tcp_subscriptions: "gauge",
  tenk_tcp_published_total: "counter",
  tenk_tcp_published_dropped_total: "counter",
  tenk_worker_connections_active: "gauge",
  tenk_worker_bytes_read_total: "counter",
  tenk_worker_bytes_written_total: "counter",
  tenk_worker_reads_total: "counter",
  tenk_worker_write_queue_bytes: "gauge",
  tenk_event_loop_lag_seconds: "histogram",
};

const COUNTS: ListenerCounts = {
  active: 1,
  peak: 2,
  accepted: 3,
  bytesRead: 4,
  bytesWritten: 5,
  reads: 6,
  framesRead: 22,
  writes: 7,
  drains: 8,
  writeQueueBytes: 9,
  handlerErrors: 10,
  workerRestarts: 11,
  pending: 12,
  handshakes: 13,
  published: 14,
  publishedDropped: 15,
  subscriptions: 16,
  rejected: Object.fromEntries(REJECTION_REASONS.map((reason, index) => [reason, index + 1])) as Record<
    RejectionReason,
    number
  >,
  closed: Object.fromEntries(CLOSE_REASONS.map((reason, index) => [reason, index + 1])) as Record<CloseReason, number>,
  lifetimes: { boundsSeconds: [1], counts: [1, 2], sumSeconds: 3 },
  firstBytes: { boundsSeconds: [1], counts: [1, 2], sumSeconds: 3 },
};

const SHARE: WorkerCounts = { active: 17, bytesRead: 18, bytesWritten: 19, reads: 20, writeQueueBytes: 21 };
const NO_SHARE: WorkerCounts = { active: 0, bytesRead: 0, bytesWritten: 0, reads: 0, writeQueueBytes: 0 };

/** Exposition text as `name{labels}` → value. */
function samples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

describe("the metrics", () => {
  test("are the names of the list, each with help and type, each moved by what it counts", async () => {
    const reader = openProcessReader();
    const metrics = instanceMetrics({
      process: () => reader.read(),
      listeners: () => [
        { name: "packets", counts: COUNTS, workerCounts: [NO_SHARE, SHARE] },
        { name: "narrow", counts: COUNTS },
      ],
    });
    const vitals = openVitals();
    await until(() => vitals.read().lagCounts.at(-1)! > 0);
    const loops = loopFamilies(vitals.read(), []);
    const lag = loops.filter(({ name }) => name === "tenk_event_loop_lag_seconds");
    const text = exposition([...familiesOf(metrics), ...lag]);
    vitals.stop();
    reader.close();
    expect(
      Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])),
    ).toEqual(NAMES);
    const values = samples(text);
    for (const name of Object.keys(NAMES)) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z].*\\.$`, "m"));
      const moved = [...values].filter(([key, value]) => new RegExp(`^${name}(_count)?({|$)`).test(key) && value > 0);
      expect([name, moved.length > 0]).toEqual([name, true]);
    }
    expect(values.get('tenk_tcp_connections_active{listener="packets"}')).toBe(1);
    const shares = [...values].filter(([key]) => /^tenk_worker_.*worker="1"/.test(key));
    expect(shares.map(([, value]) => value)).toEqual([17, 18, 19, 20, 21]);
    expect(values.get('tenk_worker_connections_active{listener="packets",worker="0"}')).toBe(0);
    expect([...values.keys()].filter((key) => /^tenk_worker_.*narrow/.test(key))).toEqual([]);
    for (const [index, reason] of CLOSE_REASONS.entries()) {
      expect(values.get(`tenk_tcp_connections_closed_total{listener="packets",reason="${reason}"}`)).toBe(index + 1);
    }
    for (const [index, reason] of REJECTION_REASONS.entries()) {
      expect(values.get(`tenk_tcp_connections_rejected_total{listener="packets",reason="${reason}"}`)).toBe(index + 1);
    }
  });

  test("of a running instance follow its traffic", async () => {
    const instance = await up(
      parseConfig(
        'tcp: { a: { listen: "127.0.0.1:0", handler: echo } }\ndashboard: { listen: "127.0.0.1:0" }',
        "tenk.yaml",
      ),
    );
    const socket = connect(instance.listeners[0]!.port, "127.0.0.1", () => socket.write("12345"));
    await new Promise((resolve) => socket.once("data", resolve));
    const values = samples(await (await fetch(`${instance.statusUrl}metrics`)).text());
    const of = (name: string) => values.get(`tenk_tcp_${name}{listener="a"}`);
    expect([of("connections_active"), of("connections_accepted_total"), of("bytes_read_total")]).toEqual([1, 1, 5]);
    expect([of("reads_total"), of("writes_total"), of("bytes_written_total")]).toEqual([1, 1, 5]);
    socket.destroy();
    await instance.stop(0);
  });

  test("tell each worker's share of a listener, which add up to it", async () => {
    const instance = await up(
      parseConfig(
        'tcp: { a: { listen: "127.0.0.1:0", handler: echo, workers: 2 } }\ndashboard: { listen: "127.0.0.1:0" }',
        "tenk.yaml",
      ),
    );
    const sockets = Array.from({ length: 30 }, () => connect(instance.listeners[0]!.port, "127.0.0.1"));
    for (const socket of sockets) socket.write("12345");
    await untilListeners(instance, ([first]) => first!.counts.bytesWritten === 150);
    const values = samples(await (await fetch(`${instance.statusUrl}metrics`)).text());
    const shares = ["connections_active", "reads_total", "bytes_read_total", "bytes_written_total"].map((name) =>
      ["0", "1"].map((worker) => values.get(`tenk_worker_${name}{listener="a",worker="${worker}"}`)!),
    );
    const [active] = shares;
    expect(active!.reduce((sum, each) => sum + each)).toBe(30);
    // How the kernel deals them out is its own; each connection of a worker brought five bytes, and took as many.
    expect(shares).toEqual([active!, active!, active!.map((each) => each * 5), active!.map((each) => each * 5)]);
    expect(values.get('tenk_tcp_connections_active{listener="a"}')).toBe(30);
    for (const socket of sockets) socket.destroy();
    await instance.stop(0);
  });
});
