import { expect, test } from "bun:test";
import { BOX_SCHEMA, startBoxWatch } from "../../../src/app/box/mod.ts";
import type { CertificateStatus } from "../../../src/certificates/mod.ts";
import type { HostSample, MountSample, Throttling } from "../../../src/metrics/mod.ts";

const MINUTE_MS = 60_000;

function mount(usedShare: number, more: Partial<MountSample> = {}): MountSample {
  const freeBytes = (1 - usedShare) * 100e9;
  const sizes = { totalBytes: 100e9, freeBytes, availableBytes: freeBytes, files: 0, filesFree: 0 };
  return { device: "/dev/root", mountPoint: "/", fsType: "ext4", isReadOnly: false, ...sizes, ...more };
}

const certificate: CertificateStatus = {
  names: ["git.example.org"],
  issuer: "Let's Encrypt",
  state: "valid",
  notAfterMs: 0,
  daysLeft: 12,
  nextRenewalMs: undefined,
  isStored: true,
  lastError: undefined,
};
const failing = (failures: number): CertificateStatus => ({
  ...certificate,
  lastError: { step: "order", message: "port 80 is closed", fix: "open it", atMs: 0, failures },
});
const power = (isNow: boolean): Throttling[] => [{ cause: "under-voltage", isNow, hasBeen: true }];

interface Machine {
  readonly mounts?: readonly MountSample[];
  readonly host?: Partial<HostSample>;
  readonly kills?: number;
  readonly certificates?: readonly CertificateStatus[];
}

/** Watches a machine that the test sets, at times that it says. */
function watched(section: object = {}) {
  let machine: Machine = {};
  let nowMs = 0;
  const watch = startBoxWatch({
    config: () => BOX_SCHEMA.parse(section),
    sample: () =>
      ({ atMs: nowMs, limits: {}, pressure: new Map(), mounts: machine.mounts ?? [], ...machine.host }) as HostSample,
    host: { oomKills: () => machine.kills },
    certificates: () => machine.certificates ?? [],
    nowMs: () => nowMs,
    everyMs: 60 * MINUTE_MS,
  });
  return {
    [Symbol.dispose]: () => watch.stop(),
    at(minutes: number, next: Machine) {
      machine = next;
      nowMs = minutes * MINUTE_MS;
      watch.look();
      return watch.problems().map(({ subject, state, severity }) => `${subject} ${state} ${severity}`);
    },
  };
}

const limited = { memoryLimitBytes: 1e8, memoryUsedBytes: 97e6 } as HostSample["limits"];
const silent = { mountPoint: "/mnt/nas", fsType: "nfs4", problem: "mountpoint timeout" };
const CASES: readonly [what: string, machine: Machine, problem: string][] = [
  ["a disk that is nearly full", { mounts: [mount(0.904)] }, "disk / 91 % full warning"],
  ["one that is full", { mounts: [mount(0.99)] }, "disk / 99 % full critical"],
  [
    "one without file nodes",
    { mounts: [mount(0.1, { files: 100, filesFree: 5 })] },
    "file nodes of / 95 % full warning",
  ],
  ["a server that hangs", { mounts: [mount(0, silent)] }, "disk /mnt/nas silent warning"],
  ["memory", { host: { memoryTotalBytes: 4e9, memoryAvailableBytes: 1e8 } }, "memory 98 % used warning"],
  [
    "memory of a container",
    { host: { memoryTotalBytes: 4e9, memoryAvailableBytes: 3e9, limits: limited } },
    "memory 97 % used warning",
  ],
  ["heat", { host: { temperatureCelsius: 82, temperatureSensor: "cpu" } }, "temperature 82 °C warning"],
  ["much heat", { host: { temperatureCelsius: 91 } }, "temperature 91 °C critical"],
  ["under-voltage", { host: { throttling: power(true) } }, "power supply too weak warning"],
  [
    "a certificate that is not renewed",
    { certificates: [failing(3)] },
    "certificate of git.example.org valid for 12 more days warning",
  ],
  [
    "one that is over",
    { certificates: [{ ...failing(1), state: "expired" }] },
    "certificate of git.example.org expired critical",
  ],
];

test.each(CASES)("%s is a problem once it lasts, until it is well again", (_, machine, problem) => {
  using box = watched();
  box.at(0, machine);
  expect(box.at(3, machine)).toEqual([problem]);
  const { mountPoint = "/" } = machine.mounts?.[0] ?? {};
  const well: Machine = {
    mounts: [mount(0.1, { mountPoint })],
    host: { throttling: power(false), temperatureCelsius: 50, memoryTotalBytes: 4e9, memoryAvailableBytes: 3e9 },
    certificates: [certificate],
  };
  box.at(4, well);
  expect(box.at(12, well)).toEqual([]);
});

test.each<[string, Machine]>([
  ["a disk below its limit", { mounts: [mount(0.89)] }],
  ["one that is full and read-only by intent, such as a CD", { mounts: [mount(1, { isReadOnly: true })] }],
  ["a renewal that failed once", { certificates: [failing(1)] }],
  ["under-voltage in the past", { host: { throttling: power(false) } }],
])("%s is none", (_, machine) => {
  using box = watched();
  box.at(0, machine);
  expect(box.at(9, machine)).toEqual([]);
});

test("a disk that the kernel makes read-only is critical at once", () => {
  using box = watched();
  box.at(0, { mounts: [mount(0.5)] });
  const readOnly = { mounts: [mount(0.5, { isReadOnly: true })] };
  expect(box.at(1, readOnly)).toEqual(["disk / read-only critical"]);
});

test("programs that wait for memory for a minute", () => {
  using box = watched();
  const stalled = (seconds: number) => ({ host: { pressure: new Map([["memory_stalled", seconds]]) } });
  expect([0, 1, 2].map((minutes) => box.at(minutes, stalled(minutes * 15)))).toEqual([
    [],
    [],
    ["memory scarce warning"],
  ]);
  expect([3, 4].map((minutes) => box.at(minutes, stalled(30)).length)).toEqual([1, 0]);
});

test("a busy machine that has taken no other sample ends nothing", () => {
  const sampleAt = (atMs: number) =>
    ({ atMs, limits: {}, pressure: new Map([["memory_stalled", (atMs / 1000) * 0.9]]), mounts: [] }) as never;
  let sample: HostSample = sampleAt(0);
  const watch = startBoxWatch({
    config: () => BOX_SCHEMA.parse({}),
    sample: () => sample,
    host: { oomKills: () => undefined },
    certificates: () => [],
    nowMs: () => sample.atMs,
    everyMs: 60 * MINUTE_MS,
  });
  for (let minute = 0; minute <= 20; minute++) {
    sample = sampleAt(minute * MINUTE_MS);
    watch.look();
  }
  const lasting = watch.problems();
  expect(lasting.map(({ key }) => key)).toEqual(["box/memory-stall"]);
  watch.look();
  expect(watch.problems()).toEqual(lasting);
  watch.stop();
});

test("a program that the kernel ended is told for an hour; those before the start are not", () => {
  using box = watched();
  expect(box.at(0, { kills: 7 })).toEqual([]);
  expect(box.at(1, { kills: 8 })).toEqual(["memory used up warning"]);
  expect(box.at(60, { kills: 8 })).toHaveLength(1);
  expect(box.at(62, { kills: 8 })).toEqual([]);
});

const OFF = { disk: "off", memory: false, temperature: "off", underVoltage: false, certificates: false };
test.each<[object, number]>([
  [OFF, 0],
  [{}, 5],
  [{ disk: "95%", temperature: "95 °C" }, 3],
])("%j leaves %d problems", (section, count) => {
  using box = watched(section);
  const hot = { temperatureCelsius: 91, memoryTotalBytes: 4e9, memoryAvailableBytes: 1e8, throttling: power(true) };
  const all = { mounts: [mount(0.904)], host: hot, certificates: [failing(5)] };
  box.at(0, all);
  expect(box.at(5, all)).toHaveLength(count);
});

test.each(["120%", "-1", "much", ""])("disk: %j is refused", (disk) => {
  expect(BOX_SCHEMA.safeParse({ disk }).error?.issues[0]?.message).toBe("expected a share such as 90%, or off");
});
