import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { exposition } from "../../src/metrics/exposition.ts";
import {
  EXCLUDED_DISKS,
  EXCLUDED_FS_TYPES,
  EXCLUDED_MOUNT_POINTS,
  EXCLUDED_NETWORK_DEVICES,
  openHost,
} from "../../src/metrics/host/mod.ts";
import { until } from "../net/support.ts";
import { RASPBERRY_PI_4, X86_SERVER } from "./host-machines.ts";
import { fakeRoot, valuesOf, valuesOfText } from "./host-support.ts";

const PROGRAM = "/usr/bin/prometheus-node-exporter";
const isInstalled = existsSync(PROGRAM);

/** Families of node_exporter's that we do not have, by how they begin: hardware of servers, file systems' own counts … */
const NOT_OURS =
  /^node_(bcache|bonding|btrfs|cpu_(core|package)_throttles|cpu_(online|isolated|vulnerabilities)|dmi|drbd|edac|fibrechannel|filesystem_mount_info|infiniband|ipvs|kernel_hung|mdadm|md|nfs|nfsd|nvme|power_supply|rapl|selinux|swap|systemd|tape|textfile|time_zone|timex|watchdog|xfs|zfs)/;
/** Labels of versions later than Debian 12's. */
const LATER_LABELS = /,?(adminstate|rotational)="[^"]*"/g;

let child: ChildProcess | undefined;
afterAll(() => {
  child?.kill();
});

/** Theirs, on a free port, with the exclusions that are ours. */
async function startExporter(more: readonly string[] = []): Promise<string> {
  const exclude = (collector: string, what: string, pattern: string) =>
    `--collector.${collector}.${what}-exclude=${pattern}`;
  child?.kill();
  child = spawn(PROGRAM, [
    "--web.listen-address=127.0.0.1:0",
    exclude("filesystem", "mount-points", EXCLUDED_MOUNT_POINTS),
    exclude("filesystem", "fs-types", EXCLUDED_FS_TYPES),
    exclude("diskstats", "device", EXCLUDED_DISKS),
    exclude("netdev", "device", EXCLUDED_NETWORK_DEVICES),
    ...more,
  ]);
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  await until(() => /address=127\.0\.0\.1:\d+/.test(log), 8000);
  return `http://${/address=(127\.0\.0\.1:\d+)/.exec(log)?.[1]}/metrics`;
}

async function theirs(url: string): Promise<string> {
  const text = await (await fetch(url)).text();
  return text.replace(LATER_LABELS, "").replaceAll("{,", "{");
}

const host = openHost();
const ours = async () => exposition(await host.collect());

function typesOf(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
}

function familyOf(series: string): string {
  return series.split("{")[0]!;
}

/** How far a value may lie outside of our reads before and after it. */
function toleranceOf(series: string, value: number, memoryBytes: number): number {
  if (/^node_memory_/.test(series)) return memoryBytes / 100;
  if (/^node_(filesystem|sockstat|filefd|procs|nf_conntrack|arp|udp_queues)/.test(series))
    return Math.max(2, Math.abs(value) / 50);
  // Clocks tick a hundred times a second, and processors' counts are read one after the other.
  return Math.max(/seconds/.test(series) ? 0.05 : 0, Math.abs(value) * 1e-9);
}

describe.skipIf(!isInstalled)("beside Debian's node_exporter", () => {
  test("every family that both have has the same type, the same labels and the same values", async () => {
    const url = await startExporter();
    const [own, other] = [typesOf(await ours()), typesOf(await theirs(url))];
    const shared = [...own].filter(([name]) => other.has(name));
    expect(shared.length).toBeGreaterThan(200);
    expect(shared.filter(([name, type]) => other.get(name) !== type)).toEqual([]);
    const missing = [...other.keys()].filter((name) => /^node_/.test(name) && !own.has(name) && !NOT_OURS.test(name));
    expect(missing).toEqual([]);

    expect(await disagreements(url, (name) => own.has(name) && other.has(name))).toEqual([]);
  }, 30_000);

  test("files of machines with other hardware mean the same to both", async () => {
    // Debian 12's does not know that processors may have gaps in their numbers; later ones do, and so do we.
    const { "/proc/stat": _, "/proc/net/softnet_stat": __, ...server } = X86_SERVER;
    using machine = fakeRoot({ ...RASPBERRY_PI_4, ...server });
    const url = await startExporter([
      `--path.procfs=${machine.root}/proc`,
      `--path.sysfs=${machine.root}/sys`,
      `--path.rootfs=${machine.root}`,
      `--path.udev.data=${machine.root}/run/udev/data`,
      // Read by a system call rather than from a file.
      "--no-collector.netdev.netlink",
      "--no-collector.filesystem",
      "--no-collector.uname",
    ]);
    const they = valuesOfText(await theirs(url));
    const own = valuesOf(await openHost({ root: machine.root }).collect());
    const families = new Set(Object.keys(they).map(familyOf));
    const known = [
      "node_thermal_zone_temp",
      "node_hwmon_fan_rpm",
      "node_hwmon_power_accuracy",
      "node_schedstat_timeslices_total",
    ];
    expect([...known, "node_cpu_scaling_frequency_hertz"].filter((family) => !families.has(family))).toEqual([]);
    const shared = Object.keys(own).filter(
      (series) => families.has(familyOf(series)) && isComparable(series, own, they),
    );
    expect(shared.length).toBeGreaterThan(250);
    const complaints = shared
      .filter((series) => !/^node_time_seconds/.test(series))
      .map((series) => complaintOf(series, own, they, own));
    expect(complaints.filter((complaint) => complaint !== undefined)).toEqual([]);
    const kinds = /^node_(hwmon|thermal|cooling|cpu|disk|network|pressure|schedstat|nf_conntrack|sockstat|memory)/;
    expect(Object.keys(they).filter((series) => kinds.test(series) && !(series in own))).toEqual([]);
  });
});

/**
 * Others work on this machine while we look: sockets, memory and devices come and go within milliseconds. So each series
 * has to agree in one of many rounds; what is wrong agrees in none.
 */
async function disagreements(url: string, isShared: (family: string) => boolean): Promise<string[]> {
  const agreed = new Set<string>();
  let complaints: string[] = [];
  for (let round = 0; round < 40; round++) {
    const before = valuesOfText(await ours());
    const they = valuesOfText(await theirs(url));
    const after = valuesOfText(await ours());
    complaints = [];
    for (const series of new Set([...Object.keys(before), ...Object.keys(they)])) {
      if (agreed.has(series) || !isShared(familyOf(series)) || !isComparable(series, before, they)) continue;
      const complaint = complaintOf(series, before, they, after);
      if (complaint === undefined) agreed.add(series);
      else complaints.push(complaint);
    }
    if (complaints.length === 0) break;
  }
  expect(agreed.size).toBeGreaterThan(300);
  return complaints;
}

type Values = Readonly<Record<string, number>>;

/** Not what says who answers rather than what the machine does, nor a collector that only one of us has. */
function isComparable(series: string, before: Values, they: Values): boolean {
  if (/^node_(exporter_build_info|scrape_collector_duration_seconds)/.test(series)) return false;
  return !series.startsWith("node_scrape_collector_success") || (series in before && series in they);
}

function complaintOf(series: string, before: Values, they: Values, after: Values): string | undefined {
  const [low, value, high] = [before[series], they[series], after[series]];
  if (low === undefined || high === undefined) return `${series}: theirs alone`;
  if (value === undefined) return `${series}: ours alone`;
  const tolerance = toleranceOf(series, value, before.node_memory_MemTotal_bytes ?? 0);
  const isBetween = value >= Math.min(low, high) - tolerance && value <= Math.max(low, high) + tolerance;
  return isBetween ? undefined : `${series}: ${value} is not between ${low} and ${high}`;
}

if (!isInstalled) {
  test.skipIf(process.env.CI !== "true")("node_exporter cannot be compared with: it is not installed", () => {
    expect(existsSync(PROGRAM)).toBe(true);
  });
}
