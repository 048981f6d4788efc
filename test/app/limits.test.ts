import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { hasNamespaces, namespacedTenk } from "../metrics/namespaced.ts";

const MIB = 2 ** 20;
const NAME = `tenk-test-${process.pid}`;
const ROOT = "/sys/fs/cgroup";

/** Path of our own group, below which that of the test is made. */
const ownGroup = (controller: string) =>
  new RegExp(`^\\d+:(?:.*,)?${controller}(?:,.*)?:/?(.*)$`, "m").exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];

/** Files of a group of 256 MiB and half a core: of cgroups v1, or v2, as this machine has them. */
const FILES: readonly (readonly [folder: string, file: string, text: string])[] = existsSync(`${ROOT}/memory`)
  ? [
      [`${ROOT}/memory/${ownGroup("memory")}/${NAME}`, "memory.limit_in_bytes", `${256 * MIB}`],
      [`${ROOT}/cpu/${ownGroup("cpu")}/${NAME}`, "cpu.cfs_quota_us", "50000"],
    ]
  : [
      [`${ROOT}/${NAME}`, "memory.max", `${256 * MIB}`],
      [`${ROOT}/${NAME}`, "cpu.max", "50000 100000"],
    ];
const FOLDERS = [...new Set(FILES.map(([folder]) => folder))];

/** Makes the group. Where this machine does not let us, the other tests of limits have files of both kinds. */
function canLimit(): boolean {
  if (!hasNamespaces(["--mount"])) return false;
  try {
    for (const folder of FOLDERS) mkdirSync(folder);
    for (const [folder, file, text] of FILES) writeFileSync(`${folder}/${file}`, text);
    return true;
  } catch {
    return false;
  }
}

afterAll(() => {
  for (const folder of FOLDERS) if (existsSync(folder)) rmdirSync(folder);
});

describe.if(canLimit())("a box of 256 MiB and half a core", () => {
  test("shows what it may use, and the host's beside it", async () => {
    const enter = FOLDERS.map((folder) => `echo $$ > "${folder}/cgroup.procs"`).join("\n");
    await using tenk = await namespacedTenk(["--mount"], enter);
    const { limits, host } = await tenk.statusWhen((status) => (status.limits?.busy ?? null) !== null);
    expect(limits).toMatchObject({ memoryBytes: 256 * MIB, cores: 0.5 });
    expect(limits?.memoryUsedBytes).toBeGreaterThan(10 * MIB);
    expect(limits?.busy).toBeLessThanOrEqual(1);
    expect(host.memoryTotalBytes).toBeGreaterThan(256 * MIB);
    expect(host.cores).toBeGreaterThanOrEqual(1);
    const text = tenk.statusText();
    expect(text).toMatch(/^process .*MiB resident of 256 MiB allowed/m);
    expect(text).toMatch(/^limits {3}\d+% of 0\.5 cores busy, memory .* of 256 MiB$/m);
    expect(text).toMatch(/^machine .*cores busy.*memory .* of .* GiB/m);
    const values = await tenk.metrics();
    expect(values.tenk_cgroup_memory_limit_bytes).toBe(256 * MIB);
    expect(values.tenk_cgroup_cpu_limit_cores).toBe(0.5);
    expect(values.node_memory_MemTotal_bytes).toBe(host.memoryTotalBytes!);
  }, 30_000);
});
