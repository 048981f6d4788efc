import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { busyRatio, type CpuTimes, openHost, TimedCalls } from "../../src/metrics/host/mod.ts";
import { until } from "../net/support.ts";
import { RASPBERRY_PI_4 } from "./host-machines.ts";
import { fakeRoot } from "./host-support.ts";

const SIZES = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 1000, ffree: 900 };

describe("a host reader", () => {
  test("samples a Raspberry Pi", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const host = openHost({ root: machine.root, statfsNow: () => SIZES, now: () => 5 });
    await host.ready();
    expect(host.sample()).toEqual({
      atMs: 5,
      cpu: expect.objectContaining({ user: 512.34, system: 203.45 }),
      meanCpu: expect.objectContaining({ user: 512.34 / 4, system: 203.45 / 4 }),
      cpuCount: 4,
      load1: 0.42,
      load5: 0.31,
      load15: 0.2,
      memoryTotalBytes: 3882432 * 1024,
      memoryAvailableBytes: 3300112 * 1024,
      swapTotalBytes: 102396 * 1024,
      swapFreeBytes: 102396 * 1024,
      rootDevice: "/dev/mmcblk0p2",
      rootFsType: "ext4",
      rootTotalBytes: 409600,
      rootFreeBytes: 204800,
      rootAvailableBytes: 163840,
      uptimeSeconds: 3600.25,
      temperatureCelsius: 48.312,
      temperatureSensor: "cpu_thermal",
      throttling: expect.arrayContaining([{ cause: "under-voltage", isNow: true, hasBeen: true }]),
      limits: expect.anything(),
      // Not lo, nor wlan0, behind which this machine has no hardware.
      networkReceivedBytes: 987654321,
      networkSentBytes: 123456789,
      // Neither partitions nor loops.
      diskReadBytes: (1834567 + 80000) * 512,
      diskWrittenBytes: (456789 + 40000) * 512,
      cores: expect.any(Map),
      pressure: new Map(),
      interfaces: [
        { device: "eth0", receivedBytes: 987654321, sentBytes: 123456789 },
        expect.objectContaining({ device: "wlan0" }),
      ],
      disks: [
        { device: "mmcblk0", ioSeconds: 54.321 },
        { device: "sda", ioSeconds: 3 },
      ],
      mounts: expect.arrayContaining([
        expect.objectContaining({ mountPoint: "/", totalBytes: 409600, freeBytes: 204800, files: 1000 }),
      ]),
    });
    // Of the fourth processor: user, nice, system, softirq.
    expect([...host.sample().cores.values()][3]).toBeCloseTo(129.89 + 0.03 + 51.13 + 0.2);
  });

  test("keeps processors, devices and mounts apart up to a bound each", async () => {
    const mounts = Array.from(
      { length: 9 },
      (_, at) => `${30 + at} 25 8:${at} / /mnt/${at} rw - ext4 /dev/sdb${at} rw`,
    );
    const ports = Object.fromEntries(["veth1", "docker0"].map((name) => [`/sys/class/net/${name}/type`, "1\n"]));
    using machine = fakeRoot({
      ...RASPBERRY_PI_4,
      ...ports,
      "/proc/1/mountinfo": `25 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n${mounts.join("\n")}\n`,
      "/proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 total=0\n",
      "/proc/pressure/io": "some avg10=0.00 total=2000000\nfull avg10=0.00 total=1000000\n",
      "/proc/pressure/memory": "some avg10=0.00 total=0\nfull avg10=0.00 total=0\n",
    });
    const bounds = { maxCores: 2, maxInterfaces: 2, maxDisks: 1, maxMounts: 3 };
    const statfs = async (mountPoint: string) => {
      if (mountPoint === "/mnt/0") throw Object.assign(new Error("no"), { code: "EACCES" });
      return SIZES;
    };
    const host = openHost({ root: machine.root, statfs, statfsNow: () => SIZES, bounds });
    await host.ready();
    const { cores, pressure, interfaces, disks, mounts: found } = host.sample();
    expect([...cores.keys()]).toEqual(["0", "1"]);
    expect(Object.fromEntries(pressure)).toEqual({
      cpu_waiting: 1.5,
      io_waiting: 2,
      io_stalled: 1,
      memory_waiting: 0,
      memory_stalled: 0,
    });
    expect(interfaces.map(({ device }) => device)).toEqual(["eth0", "wlan0"]);
    expect(disks.map(({ device }) => device)).toEqual(["mmcblk0"]);
    expect(found.map(({ mountPoint, problem, totalBytes }) => [mountPoint, problem, totalBytes])).toEqual([
      ["/", undefined, 409600],
      ["/mnt/0", "EACCES", undefined],
      ["/mnt/1", undefined, 409600],
    ]);
  });

  test("has the last value of a slow source, and none of one that hangs", async () => {
    const served = "25 1 0:9 / / rw - nfs4 nas:/pi rw\n";
    using machine = fakeRoot({ ...RASPBERRY_PI_4, "/proc/1/mountinfo": served });
    let sizes: typeof SIZES | undefined = SIZES;
    const statfs = () => (sizes === undefined ? new Promise<typeof SIZES>(() => {}) : Promise.resolve(sizes));
    const timeouts = { mounts: new TimedCalls({ timeoutMs: 20 }), devices: new TimedCalls() };
    const host = openHost({ root: machine.root, statfs, timeouts });
    expect(host.sample()).toMatchObject({ rootTotalBytes: undefined, temperatureCelsius: undefined, cpuCount: 4 });
    await host.ready();
    expect(host.sample().rootTotalBytes).toBe(409600);
    writeFileSync(join(machine.root, "sys/class/hwmon/hwmon0/temp1_input"), "50000\n");
    await until(() => host.sample().temperatureCelsius === 50);
    sizes = undefined;
    await until(() => host.sample().rootTotalBytes === undefined);
    expect(host.sample()).toMatchObject({ temperatureCelsius: 50, load1: 0.42 });
  });

  test("has no values for a machine without files", async () => {
    using machine = fakeRoot({});
    const host = openHost({ root: machine.root, statfs: () => Promise.reject(new Error("no")), now: () => 5 });
    await host.ready();
    const { atMs, cpuCount, limits, cores, pressure, interfaces, disks, mounts, ...others } = host.sample();
    expect([atMs, cpuCount, cores.size, pressure.size]).toEqual([5, 0, 0, 0]);
    expect([interfaces, disks, mounts]).toEqual([[], [], []]);
    expect(new Set([...Object.values(others), ...Object.values(limits)])).toEqual(new Set([undefined]));
  });

  test("asks no device of a machine without a thermometer, and goes on asking for the root's sizes", async () => {
    using machine = fakeRoot({});
    const asked: string[] = [];
    class Counting extends TimedCalls {
      override run<T>(name: string, call: () => Promise<T>) {
        asked.push(name);
        return super.run(name, call);
      }
    }
    const timeouts = { mounts: new Counting(), devices: new Counting() };
    let blocks = 0;
    const statfs = async () => ({ ...SIZES, blocks: ++blocks });
    const host = openHost({ root: machine.root, statfs, timeouts });
    await host.ready();
    const { rootTotalBytes: first } = host.sample();
    await until(() => host.sample().rootTotalBytes !== first);
    expect(new Set(asked)).toEqual(new Set(["/"]));
  });

  test("agrees with the runtime on the machine it runs on", async () => {
    const host = openHost();
    await host.ready();
    const sample = host.sample();
    expect(sample.memoryTotalBytes).toBe(totalmem());
    expect(sample.cpuCount).toBe(cpus().length);
    expect(sample.load15).toBeCloseTo(loadavg()[2]!, 0);
    expect(sample.rootTotalBytes).toBeGreaterThan(sample.rootAvailableBytes ?? Number.NaN);
  });
});

describe("busy", () => {
  const NONE = {
    user: 0,
    nice: 0,
    system: 0,
    idle: 0,
    iowait: 0,
    irq: 0,
    softirq: 0,
    steal: 0,
    guest: 0,
    guestNice: 0,
  };
  const times = (more: Partial<CpuTimes>): CpuTimes => ({ ...NONE, ...more });

  test.each([
    ["a second of four", times({ user: 1, idle: 3 }), 0.25],
    ["waiting for a disk", times({ idle: 2, iowait: 2 }), 0],
    ["a guest, which is counted twice", times({ user: 2, guest: 2, idle: 2 }), 0.5],
    ["all that is not idle", times({ nice: 1, system: 1, irq: 1, softirq: 1, steal: 1 }), 1],
    ["a wait that stepped back", times({ user: 1, idle: 1, iowait: -5 }), 0.5],
    ["no time", times({}), undefined],
  ])("%s", (_, after, ratio) => {
    expect(busyRatio(NONE, after)).toBe(ratio);
  });

  test("needs two samples", () => {
    expect(busyRatio(undefined, NONE)).toBeUndefined();
    expect(busyRatio(NONE, undefined)).toBeUndefined();
  });
});
