import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCgroup } from "../../src/limits/mod.ts";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { fakeRoot } from "../metrics/host-support.ts";

const MACHINE = { memoryBytes: 8 * 2 ** 30, cores: 4 };
const MIB = 2 ** 20;
const NO_LIMIT_V1 = "9223372036854771712\n";

const mountV2 = (root = "/") => `31 23 0:28 ${root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n`;
const mountsV1 = (root = "/") =>
  ["memory", "cpu,cpuacct"]
    .map(
      (name, index) =>
        `${40 + index} 31 0:${30 + index} ${root} /sys/fs/cgroup/${name} rw - cgroup cgroup rw,${name}\n`,
    )
    .join("");

function limitsOf(files: Readonly<Record<string, string>>) {
  using machine = fakeRoot({ "/proc/self/status": "Name:\ttenk\nCpus_allowed_list:\t0-3\n", ...files });
  return openCgroup(hostFiles(machine.root), () => 7).read(MACHINE);
}

const NONE = {
  memoryLimitBytes: undefined,
  memoryUsedBytes: undefined,
  cpuLimitCores: undefined,
  cpuSeconds: undefined,
};

describe("limits of cgroups", () => {
  test.each([
    [
      "v2: the tightest on the way up, with what all under it use",
      {
        "/proc/self/cgroup": "0::/system.slice/tenk.service/main\n",
        "/proc/self/mountinfo": mountV2(),
        "/sys/fs/cgroup/system.slice/memory.max": `${1024 * MIB}\n`,
        "/sys/fs/cgroup/system.slice/cpu.max": "200000 100000\n",
        "/sys/fs/cgroup/system.slice/tenk.service/memory.max": `${256 * MIB}\n`,
        "/sys/fs/cgroup/system.slice/tenk.service/memory.current": `${100 * MIB}\n`,
        "/sys/fs/cgroup/system.slice/tenk.service/memory.stat": `anon 1\ninactive_file ${30 * MIB}\n`,
        "/sys/fs/cgroup/system.slice/tenk.service/cpu.max": "50000 100000\n",
        "/sys/fs/cgroup/system.slice/tenk.service/cpu.stat": "usage_usec 12500000\nuser_usec 1\n",
        "/sys/fs/cgroup/system.slice/tenk.service/main/memory.max": "max\n",
        "/sys/fs/cgroup/system.slice/tenk.service/main/cpu.max": "max 100000\n",
      },
      { memoryLimitBytes: 256 * MIB, memoryUsedBytes: 70 * MIB, cpuLimitCores: 0.5, cpuSeconds: 12.5 },
    ],
    [
      "v2: a container that sees its own group as the top",
      {
        "/proc/self/cgroup": "0::/\n",
        "/proc/self/mountinfo": mountV2("/../../docker/abc"),
        "/sys/fs/cgroup/memory.max": `${512 * MIB}\n`,
        "/sys/fs/cgroup/memory.current": `${1 * MIB}\n`,
        "/sys/fs/cgroup/cpu.max": "150000 100000\n",
      },
      { memoryLimitBytes: 512 * MIB, memoryUsedBytes: MIB, cpuLimitCores: 1.5, cpuSeconds: 7 },
    ],
    [
      "v1: a container whose group is named as on its host, and mounted as the top",
      {
        "/proc/self/cgroup": "5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
        "/proc/self/mountinfo": mountsV1("/docker/abc"),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${128 * MIB}\n`,
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${50 * MIB}\n`,
        "/sys/fs/cgroup/memory/memory.stat": `total_inactive_file ${10 * MIB}\nhierarchical_memory_limit ${128 * MIB}\n`,
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "25000\n",
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage": "2500000000\n",
      },
      { memoryLimitBytes: 128 * MIB, memoryUsedBytes: 40 * MIB, cpuLimitCores: 0.25, cpuSeconds: 2.5 },
    ],
    [
      "v1: a limit of a group that is hidden from here",
      {
        "/proc/self/cgroup": "5:memory:/\n",
        "/proc/self/mountinfo": mountsV1(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1,
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${50 * MIB}\n`,
        "/sys/fs/cgroup/memory/memory.stat": `hierarchical_memory_limit ${64 * MIB}\n`,
      },
      { ...NONE, memoryLimitBytes: 64 * MIB, memoryUsedBytes: 50 * MIB },
    ],
    [
      "v1 for memory and v2 for processors at one time",
      {
        "/proc/self/cgroup": "5:memory:/a b\n0::/a\n",
        "/proc/self/mountinfo": `${mountsV1()}31 23 0:28 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n`,
        "/sys/fs/cgroup/memory/a b/memory.limit_in_bytes": `${64 * MIB}\n`,
        "/sys/fs/cgroup/uni fied/a/cpu.max": "100000 100000\n",
      },
      { ...NONE, memoryLimitBytes: 64 * MIB, cpuLimitCores: 1, cpuSeconds: 7 },
    ],
    [
      "none, where they allow all that there is",
      {
        "/proc/self/cgroup": "0::/a\n",
        "/proc/self/mountinfo": mountV2(),
        "/sys/fs/cgroup/a/memory.max": `${8 * 2 ** 30}\n`,
        "/sys/fs/cgroup/a/cpu.max": "400000 100000\n",
      },
      NONE,
    ],
    [
      "processors that it may run on",
      { "/proc/self/status": "Cpus_allowed_list:\t0,2-3\n" },
      { ...NONE, cpuLimitCores: 3, cpuSeconds: 7 },
    ],
    [
      "none, where nothing can be read",
      { "/proc/self/cgroup": "0::/a/../b\nnonsense\n", "/proc/self/mountinfo": "x - cgroup2\n" },
      NONE,
    ],
  ])("%s", (_, files, expected) => {
    expect(limitsOf(files)).toEqual(expected);
  });

  test("follow a process that is moved, and a limit that changes", () => {
    using machine = fakeRoot({
      "/proc/self/cgroup": "0::/a\n",
      "/proc/self/mountinfo": mountV2(),
      "/sys/fs/cgroup/a/memory.max": `${64 * MIB}\n`,
      "/sys/fs/cgroup/b/memory.max": `${32 * MIB}\n`,
    });
    const cgroup = openCgroup(hostFiles(machine.root));
    expect(cgroup.read(MACHINE).memoryLimitBytes).toBe(64 * MIB);
    writeFileSync(join(machine.root, "sys/fs/cgroup/a/memory.max"), `${48 * MIB}\n`);
    expect(cgroup.read(MACHINE).memoryLimitBytes).toBe(48 * MIB);
    writeFileSync(join(machine.root, "proc/self/cgroup"), "0::/b\n");
    expect(cgroup.read(MACHINE).memoryLimitBytes).toBe(32 * MIB);
  });
});
