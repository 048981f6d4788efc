import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { exposition, type Family } from "../../src/metrics/exposition.ts";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { openHost, type StatFs, TimedCalls } from "../../src/metrics/host/mod.ts";
import { until } from "../net/support.ts";
import { CONTAINER, RASPBERRY_PI_4, X86_SERVER } from "./host-machines.ts";
import { fakeRoot, valuesOf } from "./host-support.ts";

const SIZES: StatFs = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 1000, ffree: 900 };
const ANSWERS = { statfs: async () => SIZES, statfsNow: () => SIZES, machine: "aarch64", now: () => 1000 };

/** Returns what Prometheus would reject: invalid names, lines or values, and repeated families or values. */
function complaintsOf(families: readonly Family[]): string[] {
  const names = families.map(({ name }) => name);
  const lines = exposition(families).trimEnd().split("\n");
  const values = lines.filter((line) => !line.startsWith("#")).map((line) => line.slice(0, line.lastIndexOf(" ")));
  const line =
    /^(# (HELP|TYPE) [a-z_]\w* .+|[a-z_]\w*(\{(,?\w+="([^"\\\n]|\\[\\"n])*")+\})? -?\d+(\.\d+)?(e[+-]\d+)?)$/i;
  return [
    ...names.filter((name, index) => names.indexOf(name) !== index),
    ...(new Set(values).size === values.length ? [] : ["a value twice"]),
    ...lines.filter((text) => !line.test(text)),
  ];
}

describe("a host collector", () => {
  test("reports the content of each file of a Raspberry Pi", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const families = await openHost({ root: machine.root, ...ANSWERS, version: "1.2.3" }).collect();
    expect(complaintsOf(families)).toEqual([]);
    const values = valuesOf(families);
    expect(values).toMatchObject({
      'node_cpu_seconds_total{cpu="3",mode="idle"}': 3558.86,
      node_load1: 0.42,
      node_boot_time_seconds: 1700000000,
      node_time_seconds: 1,
      node_memory_MemTotal_bytes: 3882432 * 1024,
      'node_filesystem_size_bytes{device="/dev/mmcblk0p2",fstype="ext4",mountpoint="/"}': 409600,
      'node_disk_written_bytes_total{device="mmcblk0"}': 456789 * 512,
      'node_network_receive_bytes_total{device="eth0"}': 987654321,
      'node_network_speed_bytes{device="eth0"}': 125e6,
      node_netstat_TcpExt_ListenOverflows: 3,
      node_sockstat_TCP_inuse: 10012,
      node_filefd_allocated: 1984,
      node_vmstat_pgfault: 9999999,
      node_entropy_available_bits: 256,
      'node_thermal_zone_temp{type="cpu-thermal",zone="0"}': 48.312,
      'node_hwmon_temp_celsius{chip="thermal_thermal_zone0",sensor="temp1"}': 48.312,
      'node_cpu_scaling_frequency_hertz{cpu="0"}': 1.5e9,
      'tenk_host_temperature_celsius{sensor="cpu_thermal"}': 48.312,
      'tenk_host_throttled{cause="throttled"}': 1,
      'tenk_host_flash_wear_ratio{area="b",device="mmcblk0"}': 0.3,
    });
    expect(Object.keys(values)).toContain(
      `node_exporter_build_info{branch="tenk",goarch="${process.arch === "x64" ? "amd64" : process.arch}",goos="linux",version="1.2.3"}`,
    );
  });

  test("reports the limits of a container", async () => {
    using machine = fakeRoot(CONTAINER);
    expect(valuesOf(await openHost({ root: machine.root, ...ANSWERS }).collect())).toMatchObject({
      node_memory_MemTotal_bytes: 8_000_000 * 1024,
      tenk_cgroup_memory_limit_bytes: 2 ** 28,
      tenk_cgroup_memory_used_bytes: 100e6,
      tenk_cgroup_cpu_limit_cores: 0.5,
      tenk_cgroup_cpu_seconds_total: 12.5,
    });
  });

  test("reports success and duration of each collector", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const values = valuesOf(await openHost({ root: machine.root, ...ANSWERS }).collect());
    const without = Object.keys(values).filter((name) => /^node_scrape_collector_success/.test(name) && !values[name]);
    expect(without.map((name) => /"(.*)"/.exec(name)?.[1])).toEqual([
      "cgroup",
      "pressure",
      "schedstat",
      "softnet",
      "conntrack",
    ]);
    const took = Object.keys(values).filter((name) => name.startsWith("node_scrape_collector_duration_seconds"));
    expect(took.length).toBe(Object.keys(values).filter((name) => name.includes("collector_success")).length);
  });

  test("works on a machine without any known file", async () => {
    using machine = fakeRoot({});
    const families = await openHost({ root: machine.root, ...ANSWERS }).collect();
    expect(complaintsOf(families)).toEqual([]);
    const names = families.map(({ name }) => name);
    expect(names.filter((name) => !/^node_(time_seconds|scrape_collector_.*|exporter_build_info)$/.test(name))).toEqual(
      [],
    );
  });

  test("hides idle time that steps back, and processors that are gone", async () => {
    using machine = fakeRoot({ "/proc/stat": "cpu0 0 0 0 1000\ncpu1 0 0 0 1000\n" });
    const host = openHost({ root: machine.root, ...ANSWERS });
    await host.collect();
    writeFileSync(join(machine.root, "proc/stat"), "cpu0 5 0 0 990\n");
    const values = valuesOf(await host.collect());
    expect(values).toMatchObject({
      'node_cpu_seconds_total{cpu="0",mode="idle"}': 10,
      'node_cpu_seconds_total{cpu="0",mode="user"}': 0.05,
    });
    expect(Object.keys(values).filter((name) => name.includes('cpu="1"'))).toEqual([]);
  });

  test("answers in time while a mount hangs, and makes no second call to it", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    let calls = 0;
    const release = Promise.withResolvers<StatFs>();
    const statfs = (mountPoint: string) => {
      if (mountPoint !== "/boot/firmware") return Promise.resolve(SIZES);
      calls += 1;
      return release.promise;
    };
    const mounts = new TimedCalls({ timeoutMs: 50 });
    const timeouts = { mounts, devices: new TimedCalls() };
    const host = openHost({ root: machine.root, ...ANSWERS, statfs, timeouts });
    const labels = 'fstype="vfat",mountpoint="/boot/firmware"';
    const error = `node_filesystem_device_error{device="/dev/mmcblk0p1",device_error="mountpoint timeout",${labels}}`;
    for (let scrape = 0; scrape < 2; scrape++) {
      const values = valuesOf(await host.collect());
      expect(values[error]).toBe(1);
      expect(values.node_load1).toBe(0.42);
      expect(values['node_network_up{device="eth0"}']).toBe(1);
      expect(values['node_thermal_zone_temp{type="cpu-thermal",zone="0"}']).toBe(48.312);
    }
    expect(calls).toBe(1);
    release.resolve(SIZES);
    await until(() => mounts.hanging.length === 0);
    const values = valuesOf(await host.collect());
    expect(values[`node_filesystem_device_error{device="/dev/mmcblk0p1",${labels}}`]).toBe(0);
  });

  test("shares one read between concurrent calls", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const host = openHost({ root: machine.root, ...ANSWERS });
    const [one, other] = await Promise.all([host.collect(), host.collect()]);
    expect(one).toBe(other);
    expect(await host.collect()).not.toBe(one);
  });

  test("leaves out excluded mounts and devices", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const values = valuesOf(
      await openHost({
        root: machine.root,
        ...ANSWERS,
        excludedDisks: /^mmc/,
        excludedNetworkDevices: /^eth/,
        excludedMountPoints: /^\/media/,
        excludedFsTypes: /^nfs/,
      }).collect(),
    );
    const devicesOf = (family: string, label: string) =>
      Object.keys(values)
        .filter((name) => name.startsWith(`${family}{`))
        .map((name) => new RegExp(`${label}="(.*?)"`).exec(name)?.[1]);
    expect(devicesOf("node_disk_io_now", "device")).toEqual(["loop0", "sda", "sda1"]);
    expect(devicesOf("node_network_receive_bytes_total", "device")).toEqual(["lo", "wlan0"]);
    expect(devicesOf("node_filesystem_size_bytes", "mountpoint")).not.toContainAnyValues([
      "/media/backup",
      "/mnt/nas one",
    ]);
  });
});

describe("whatever files say", () => {
  /** Damages a text as a broken kernel or a dying disk would: truncated, repeated, with other bytes. */
  function damaged(text: string, seed: number): string {
    const at = seed % (text.length + 1);
    const noise = String.fromCharCode((seed >>> 8) & 0x7f, (seed >>> 16) & 0xff, 0x22, 0x5c);
    const kinds = [text.slice(0, at), `${text.slice(0, at)}${noise}${text.slice(at + 2)}`, text + text, noise, ""];
    return kinds[(seed >>> 3) % kinds.length]!;
  }

  test("a scrape is valid for Prometheus", async () => {
    const files = { ...RASPBERRY_PI_4, ...X86_SERVER };
    const paths = Object.keys(files).filter((path) => !files[path]!.startsWith("→"));
    using machine = fakeRoot(files);
    const host = openHost({ root: machine.root, ...ANSWERS });
    const seeds = fc.array(fc.nat(), { minLength: 8, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(seeds, async (chosen) => {
        for (const seed of chosen) {
          const path = paths[(seed >>> 5) % paths.length]!;
          writeFileSync(join(machine.root, path), damaged(files[path]!, seed));
        }
        expect(complaintsOf(await host.collect())).toEqual([]);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });

  test("no file is read past a mebibyte", () => {
    using machine = fakeRoot({ "/proc/stat": "x".repeat(3 << 20), "/proc/loadavg": "1 2 3\n" });
    const files = hostFiles(machine.root);
    expect(files.text("/proc/stat")).toHaveLength(1 << 20);
    expect(files.text("/proc/loadavg")).toBe("1 2 3\n");
    expect(files.text("/proc")).toBeUndefined();
  });

  test("a number cut by the limit is left out with its line", () => {
    using machine = fakeRoot({
      "/proc/net/udp": "1234567\n".repeat(200_000),
      "/proc/stat": "123456\n".repeat(200_000),
    });
    const files = hostFiles(machine.root);
    for (const [path, line] of [
      ["/proc/net/udp", "1234567"],
      ["/proc/stat", "123456"],
    ] as const) {
      const lines = files.text(path)!.trimEnd().split("\n");
      expect(lines.length).toBeGreaterThan(130_000);
      expect(lines.filter((each) => each !== line)).toEqual([]);
    }
  });
});
