import { describe, expect, test } from "bun:test";
import { availableBytes, eventLoops, fittingSize, limitFields, memoryShare, readLimits } from "../../src/limits/mod.ts";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { fakeRoot } from "../metrics/host-support.ts";

const MIB = 2 ** 20;
const MACHINE = {
  "/proc/meminfo": "MemTotal:        8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\n",
  "/proc/stat": "cpu  1 2 3\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n",
  "/proc/self/status": "Cpus_allowed_list:\t0-3\n",
  "/proc/self/cgroup": "0::/\n",
  "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
};

function machine(files: Readonly<Record<string, string>> = {}) {
  const root = fakeRoot({ ...MACHINE, ...files });
  return { files: hostFiles(root.root), [Symbol.dispose]: () => root[Symbol.dispose]() };
}

const cases: [what: string, files: Record<string, string>, loops: number, cache: number, said: object | undefined][] = [
  ["no limit", {}, 4, 8 * MIB, undefined],
  ["half a core", { "/sys/fs/cgroup/cpu.max": "50000 100000" }, 1, 8 * MIB, { cpu: 0.5, workers: 1 }],
  ["a core and a half", { "/sys/fs/cgroup/cpu.max": "150000 100000" }, 2, 8 * MIB, { cpu: 1.5, workers: 2 }],
  ["two processors of four", { "/proc/self/status": "Cpus_allowed_list:\t2-3\n" }, 2, 8 * MIB, { cpu: 2, workers: 2 }],
  [
    "64 MiB",
    { "/sys/fs/cgroup/memory.max": `${64 * MIB}` },
    1,
    2 * MIB,
    { memory: "64MiB", workers: 1, caches: "25%" },
  ],
  ["8 MiB", { "/sys/fs/cgroup/memory.max": `${8 * MIB}` }, 1, MIB / 2, { memory: "8MiB", workers: 1, caches: "7%" }],
  [
    "256 MiB and a tenth of a core",
    { "/sys/fs/cgroup/memory.max": `${256 * MIB}`, "/sys/fs/cgroup/cpu.max": "10000 100000" },
    1,
    8 * MIB,
    { memory: "256MiB", cpu: 0.1, workers: 1 },
  ],
  ["a limit above the machine's memory", { "/sys/fs/cgroup/memory.max": `${64 * 1024 * MIB}` }, 4, 8 * MIB, undefined],
];

describe("with", () => {
  test.each(cases)("%s", (_, files, loops, cache, said) => {
    using fake = machine(files);
    const limits = readLimits(fake.files);
    expect(eventLoops(limits)).toBe(loops);
    expect(fittingSize(8 * MIB, undefined, limits)).toBe(cache);
    expect(limitFields(limits)).toEqual(said as Record<string, string>);
  });
});

test("a small machine without a cgroup has small sizes too, and says nothing of limits", () => {
  using fake = machine({ "/proc/meminfo": "MemTotal:  131072 kB\n" });
  const limits = readLimits(fake.files);
  expect(fittingSize(1000, 100, limits)).toBe(500);
  expect(eventLoops(limits)).toBe(2);
  expect(limitFields(limits)).toBeUndefined();
});

test("the smallest size holds, however little memory there is", () => {
  using fake = machine({ "/sys/fs/cgroup/memory.max": `${MIB}` });
  const limits = readLimits(fake.files);
  expect(fittingSize(1000, 100, limits)).toBe(100);
  expect(memoryShare(8 * MIB, limits)).toBe(MIB / 2);
});

test("a system whose files cannot be read has one core, and full sizes", () => {
  const limits = readLimits({ text: () => undefined, list: () => [] });
  expect([eventLoops(limits), fittingSize(1000, 1, limits)]).toEqual([1, 1000]);
  expect(availableBytes({ text: () => undefined, list: () => [] })).toBeUndefined();
});

test("memory that is free is the machine's, or what the limit leaves", () => {
  using whole = machine();
  expect(availableBytes(whole.files)).toBe(4096 * MIB);
  using limited = machine({
    "/sys/fs/cgroup/memory.max": `${64 * MIB}`,
    "/sys/fs/cgroup/memory.current": `${40 * MIB}`,
    "/sys/fs/cgroup/memory.stat": `inactive_file ${8 * MIB}\n`,
  });
  expect(availableBytes(limited.files)).toBe(32 * MIB);
});
