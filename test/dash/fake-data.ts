import type {
  ConnectionRow,
  LogLine,
  MountStatus,
  RunAnswer,
  RunReport,
  RunSnapshot,
  SeriesName,
} from "../../src/dash/mod.ts";
import { runSeries } from "../../src/dash/mod.ts";

const MIB = 2 ** 20;

/** The series of an instance under a load test, as functions of time: the same moment always gives the same value. */
export type Curve = (seconds: number) => number;

interface Named extends SeriesName {
  readonly curve: Curve;
}

/** Noise between 0 and 1 that is the same for the same moment. */
function noise(seconds: number, seed: number): number {
  const value = Math.sin(seconds * 12.9898 + seed * 78.233) * 43_758.5453;
  return value - Math.floor(value);
}

/** 0 before the ramp, 1 after it: ten thousand connections come up within a minute. Further back, days and nights. */
function load(nowSeconds: number): Curve {
  return (seconds) => {
    const age = nowSeconds - seconds;
    if (age > 900)
      return 0.35 + 0.3 * Math.sin((seconds / 86_400) * 2 * Math.PI) + 0.06 * noise(Math.floor(seconds / 60), 3);
    return Math.min(1, Math.max(0, (220 - age) / 60));
  };
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const inside = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return inside.length === 0 ? name : `${name}{${inside.join(",")}}`;
}

/** Every series of the contract, and two metrics of a user's own. */
export function fakeSeries(nowSeconds: number): Named[] {
  const level = load(nowSeconds);
  const result: Named[] = [];
  const add = (
    name: string,
    labels: Record<string, string>,
    words: { kind?: "rate"; unit?: string; help?: string },
    curve: Curve,
  ) =>
    result.push({
      key: keyOf(name, labels),
      name,
      labels,
      kind: words.kind ?? "gauge",
      unit: words.unit ?? "",
      help: words.help ?? "",
      curve,
    });
  const listener = (name: string, share: number, seed: number, labels: Record<string, string>) => {
    const packets: Curve = (at) =>
      level(at) <= 0 ? 0 : share * level(at) * (100_000 + 3000 * (noise(at, seed) - 0.5));
    const prefix = labels.worker === undefined ? "tenk_tcp" : "tenk_worker";
    add(`${prefix}_connections_active`, labels, {}, (at) => Math.round(10_000 * share * level(at)));
    add(`${prefix}_reads_total`, labels, { kind: "rate" }, packets);
    // As a handler that cuts lines would.
    if (name === "echo") add(`${prefix}_frames_read_total`, labels, { kind: "rate" }, (at) => packets(at) * 8);
    add(`${prefix}_bytes_read_total`, labels, { kind: "rate", unit: "bytes" }, (at) => packets(at) * 64);
    add(`${prefix}_bytes_written_total`, labels, { kind: "rate", unit: "bytes" }, (at) =>
      name === "echo" ? packets(at) * 64 : 0,
    );
    add(
      `${prefix}_write_queue_bytes`,
      labels,
      { unit: "bytes" },
      (at) => level(at) * share * 64_000 * (0.3 + 0.2 * Math.sin(at / 23 + seed) + 0.1 * noise(at, seed + 7)),
    );
  };
  listener("sink", 1, 1, { listener: "sink" });
  for (const worker of ["0", "1"]) listener("sink", 0.5, 2 + Number(worker), { listener: "sink", worker });
  listener("echo", 0.04, 5, { listener: "echo" });
  const busy: Curve = (at) => 0.03 + 0.55 * level(at) + 0.03 * noise(at, 11);
  const modes: Record<string, Curve> = {
    user: (at) => busy(at) * 0.52,
    nice: () => 0,
    system: (at) => busy(at) * 0.36,
    iowait: (at) => 0.02 * noise(Math.floor(at / 7), 12),
    irq: () => 0,
    softirq: (at) => busy(at) * 0.1,
    steal: (at) => 0.006 * noise(at, 13),
  };
  for (const [mode, curve] of Object.entries(modes))
    add("tenk_host_cpu_seconds_total", { mode }, { kind: "rate", unit: "seconds" }, curve);
  add("tenk_host_cpu_seconds_total", { mode: "idle" }, { kind: "rate", unit: "seconds" }, (at) => 1 - busy(at));
  add("node_load1", {}, {}, (at) => 4 * busy(at));
  add("node_load5", {}, {}, (at) => 4 * busy(at - 60));
  add("node_load15", {}, {}, (at) => 4 * busy(at - 180));
  for (const cpu of ["0", "1", "2", "3"])
    add("tenk_host_core_busy_seconds_total", { cpu }, { kind: "rate", unit: "seconds" }, (at) =>
      Math.min(1, busy(at) * (1 + 0.4 * (noise(at, 30 + Number(cpu)) - 0.5))),
    );
  for (const [at, name] of ["cpu_waiting", "io_waiting", "io_stalled", "memory_waiting", "memory_stalled"].entries())
    add(
      `node_pressure_${name}_seconds_total`,
      {},
      { kind: "rate", unit: "seconds" },
      (second) => level(second) * 0.1 * noise(Math.floor(second / 5), 40 + at),
    );
  for (const device of ["eth0", "wlan0"]) {
    for (const [name, share] of [["receive", 1] as const, ["transmit", 0.4] as const])
      add(
        `node_network_${name}_bytes_total`,
        { device },
        { kind: "rate", unit: "bytes" },
        (at) => share * (20_000 + (device === "eth0" ? 9e6 : 4e5) * level(at)),
      );
  }
  for (const [name, most] of [["read", 4e5] as const, ["written", 2e6] as const])
    add(
      `tenk_host_disk_${name}_bytes_total`,
      {},
      { kind: "rate", unit: "bytes" },
      (at) => most * noise(Math.floor(at / 3), 50) * noise(at, 51),
    );
  add(
    "node_disk_io_time_seconds_total",
    { device: "mmcblk0" },
    { kind: "rate", unit: "seconds" },
    (at) => 0.2 * noise(Math.floor(at / 3), 50),
  );
  add("tenk_host_temperature_celsius", { sensor: "cpu_thermal" }, { unit: "celsius" }, (at) => 48 + 16 * level(at));
  for (const cause of ["under-voltage", "throttled"])
    add("tenk_host_throttled", { cause }, {}, (at) =>
      level(at) >= 1 && cause === "throttled" && at % 90 < 20 ? 1 : 0,
    );
  add("node_memory_SwapTotal_bytes", {}, { unit: "bytes" }, () => 2048 * MIB);
  add("node_memory_SwapFree_bytes", {}, { unit: "bytes" }, (at) => (2036 - 30 * level(at)) * MIB);
  add("node_memory_MemTotal_bytes", {}, { unit: "bytes" }, () => 8 * 1024 * MIB);
  add(
    "node_memory_MemAvailable_bytes",
    {},
    { unit: "bytes" },
    (at) => (6.1 * 1024 - 160 * level(at) - 6 * noise(at, 14)) * MIB,
  );
  add("process_resident_memory_bytes", {}, { unit: "bytes" }, (at) => (58 + 44 * level(at)) * MIB);
  add(
    "process_cpu_seconds_total",
    {},
    { kind: "rate", unit: "seconds" },
    (at) => 1.2 * level(at) + 0.02 * noise(at, 15),
  );
  for (const [device, share] of [
    ["eth0", 1],
    ["lo", 9],
  ] as const) {
    add(
      "tenk_host_network_receive_bytes_total",
      { device },
      { kind: "rate", unit: "bytes" },
      (at) => share * (20_000 + 9e6 * level(at)),
    );
    add(
      "tenk_host_network_transmit_bytes_total",
      { device },
      { kind: "rate", unit: "bytes" },
      (at) => share * (9000 + 4e6 * level(at)),
    );
  }
  add(
    "tenk_event_loop_lag_max_seconds",
    {},
    { unit: "seconds" },
    (at) => 0.0006 + level(at) * (0.001 + 0.0008 * noise(at, 16)),
  );
  for (const loop of ["main", "thread-0", "thread-1"]) {
    add(
      "tenk_runtime_heap_used_bytes",
      { loop },
      { unit: "bytes" },
      (at) => (6 + 9 * level(at) + 2 * noise(Math.floor(at / 9), 19)) * MIB,
    );
    add("tenk_runtime_heap_total_bytes", { loop }, { unit: "bytes" }, (at) => (11 + 10 * level(at)) * MIB);
  }
  add("process_open_fds", {}, {}, (at) => 31 + Math.round(10_400 * level(at)));
  for (const [at, service] of ["git", "registry", "cache", "photos", "music"].entries())
    add(
      "probe_duration_seconds",
      { service },
      { unit: "seconds" },
      (seconds) =>
        0.004 * (at + 1) * (1 + 0.4 * Math.sin(seconds / 9000 + at) + 0.5 * noise(Math.floor(seconds / 30), at)),
    );
  const words = { kind: "rate", help: "Messages that rooms passed on." } as const;
  add("chat_messages_total", { room: "lobby" }, words, (at) => 900 * level(at) + 60 * noise(at, 17));
  add("chat_messages_total", { room: "garden" }, words, (at) => 300 * level(at) + 40 * noise(at, 18));
  add("chat_rooms", {}, { help: "Rooms that are open now." }, (at) => Math.round(3 + 40 * level(at)));
  return result;
}

export function fakeConnections(count: number): ConnectionRow[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    worker: index % 2,
    remoteAddress: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    remotePort: 20_000 + ((index * 7919) % 40_000),
    wireAddress: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    ageMs: 1000 + ((index * 104_729) % 900_000),
    idleMs: (index * 31) % 4000,
    bytesRead: 64 * ((index * 7919) % 50_000),
    bytesWritten: 32 * ((index * 104_729) % 9000),
    queuedBytes: index % 97 === 0 ? 4096 * (1 + (index % 9)) : 0,
    rttMs: 0.02 + ((index * 13) % 400) / 100,
    ...(index % 5 === 0 ? { tls: "TLSv1.3" } : {}),
  }));
}

export function fakeLog(nowMs: number): LogLine[] {
  const said: readonly (readonly [LogLine["level"], string, string, LogLine["fields"]])[] = [
    ["info", "app", "configuration read", { file: "tenk.yaml", listeners: 2 }],
    ["info", "net", "listening", { listener: "sink", host: "0.0.0.0", port: 9091 }],
    ["info", "net", "listening", { listener: "echo", host: "0.0.0.0", port: 9092 }],
    ["debug", "store", "batch written", { rows: 5400, ms: 12 }],
    ["warn", "net", "connections refused", { listener: "sink", reason: "address", count: 41 }],
    ["info", "load", "a run has begun", { target: "127.0.0.1:9091", connections: 10_000 }],
    ["error", "store", "history cannot be written, kept in memory", { cause: "ENOSPC", retryMs: 60_000 }],
  ];
  return said.map(([level, part, message, fields], index) => ({
    t: nowMs - (said.length - index) * 23_000,
    level,
    part,
    message,
    fields,
  }));
}

/** A run at one of its seconds: a minute that opens its connections within ten seconds. */
export function fakeSnapshot(second: number, speed = 1): RunSnapshot {
  const open = Math.min(10_000, second * 1000);
  const sending = Math.max(0, second - 10);
  const rate = sending > 0 ? Math.round(100_000 * speed * (0.99 + 0.02 * noise(second, 21))) : 0;
  const lag = (seed: number, us: number) => (sending > 0 ? (us / speed) * (0.9 + 0.2 * noise(second, seed)) : 0);
  return {
    elapsedMs: second * 1000,
    phase: second >= 60 ? "done" : sending > 0 ? "send" : "connect",
    durationMs: 60_000,
    connections: { wanted: 10_000, open, opened: open, failed: 0, lost: 0 },
    messages: {
      planned: 5_000_000,
      sent: sending * 100_000 * speed,
      late: sending * 12,
      dropped: 0,
      received: sending * 99_900 * speed,
      perSecondSent: rate,
      perSecondReceived: Math.round(rate * 0.999),
    },
    bytes: {
      sent: sending * 6_400_000,
      received: sending * 6_400_000,
      perSecondSent: rate * 64,
      perSecondReceived: rate * 64,
    },
    latencyUs: { p50: lag(22, 410), p90: lag(23, 1200), p99: lag(24, 3900), max: sending > 0 ? 21_000 / speed : 0 },
    lastSecondUs: {
      p50: lag(22, 410),
      p99: lag(24, 3900) * (second === 30 ? 5 : 1),
      max: sending > 0 ? (second === 30 ? 21_000 : 9000) / speed : 0,
      delayP99: 0,
      delayMax: 0,
    },
    generator: {
      cpuPercent: 20 + 90 * Math.min(1, sending),
      loopLagP99Us: 800 + 300 * noise(second, 25),
      rssBytes: 160 * MIB,
      debtMessages: 0,
    },
  };
}

const latencies = (p50: number) => ({
  p50,
  p90: p50 * 3,
  p99: p50 * 9,
  p999: p50 * 21,
  max: p50 * 52,
  count: 5_000_000,
});

export function fakeReport(speed: number, isPass: boolean): RunReport {
  return {
    kind: "tcp",
    target: "127.0.0.1:9091",
    command:
      "tenk load tcp 127.0.0.1:9091 -c 10k --connect-rate 1000 -r 10 -em 'PING\\r\\n' -T 50s -w 2 --wait-reply --expect 'p99<5ms'",
    plan: {
      connections: 10_000,
      ratePerConnection: 10,
      connectRate: 1000,
      durationMs: 50_000,
      totalRate: 0,
      shape: "steady",
      workers: 2,
      message: "PING\\r\\n",
      messageBytes: 64,
    },
    connections: {
      opened: 10_000,
      peak: 10_000,
      failed: isPass ? 0 : 31,
      lost: 0,
      byCause: isPass ? {} : { "connect ECONNREFUSED": 31 },
    },
    messages: {
      planned: 5_000_000,
      sent: Math.round(5_000_000 * speed),
      late: 600,
      dropped: isPass ? 0 : 1200,
      received: Math.round(4_995_000 * speed),
      unanswered: 0,
      perSecondSent: 100_000 * speed,
    },
    bytes: { sent: 320_000_000, received: 320_000_000 },
    latencyUs: {
      connect: latencies(180),
      firstByte: latencies(390),
      message: latencies(410 / speed),
      service: latencies(350 / speed),
      send: latencies(40),
    },
    server: {
      received: 4_995_000,
      connectionsPeak: 10_000,
      cpuPercent: 71 / speed,
      rssBytes: 102 * MIB,
      userBytesPerConnection: 1534,
    },
    generator: {
      cpuPercent: 104,
      cpuUsPerMessage: 10.4,
      rssBytes: 160 * MIB,
      loopLagP99Us: 1100,
      saturated: false,
      saturation: [],
    },
    timing: { connectMs: 10_000, sendMs: 50_000, drainMs: 400 },
    endedBy: null,
    verdict: {
      pass: isPass,
      reason: isPass ? "every expectation held" : "does not hold: p99<5ms",
      checks: [
        { expect: "connections=10000", got: "10000", pass: true },
        { expect: "rate>=95000/s", got: `${100_000 * speed}/s`, pass: true },
        { expect: "p99<5ms", got: `${(3.69 / speed).toFixed(2)}ms`, pass: isPass },
        { expect: "server.bytes=bytes.sent", got: "320000000, bytes.sent 320000000", pass: true },
      ],
    },
  };
}

export function fakeRun(id: string, startedAt: number, speed: number, isPass: boolean): RunAnswer {
  const seconds = Array.from({ length: 61 }, (_, second) => fakeSnapshot(second, speed));
  return { id, startedAt, report: fakeReport(speed, isPass), series: runSeries(seconds) };
}

export function fakeMounts(): MountStatus[] {
  const mount = (mountPoint: string, device: string, fsType: string, sizes: Partial<MountStatus>): MountStatus => ({
    mountPoint,
    device,
    fsType,
    isReadOnly: false,
    problem: null,
    totalBytes: 31.2e9,
    usedBytes: 19.4e9,
    availableBytes: 11.1e9,
    usedPercent: 64,
    filesUsedPercent: 12,
    ...sizes,
  });
  const none = { totalBytes: null, usedBytes: null, availableBytes: null, usedPercent: null, filesUsedPercent: null };
  return [
    mount("/", "/dev/mmcblk0p2", "ext4", {}),
    mount("/boot/firmware", "/dev/mmcblk0p1", "vfat", { usedPercent: 13, filesUsedPercent: null, isReadOnly: true }),
    mount("/srv/media", "/dev/sda1", "ext4", { usedPercent: 93, usedBytes: 1.72e12, totalBytes: 1.97e12 }),
    mount("/mnt/nas", "nas.home.arpa:/volume1", "nfs4", { ...none, problem: "mountpoint timeout" }),
  ];
}
