/**
 * `npm run cluster [build|up|test]`: a real Kubernetes of one node, in namespaces of its own, and tenk in it.
 *
 * Everything that runs is a child of one process in its own PID, mount and network namespace: when that ends, so does everything.
 * What it leaves, this process removes: a folder, control groups, and the kernel's settings that a kubelet changes.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { areBinariesBuilt, buildBinaries } from "./binaries.ts";
import { addCgroups, kernelSettings, removeCgroups, restoreKernelSettings } from "./host.ts";
import { missingPrograms } from "./programs.ts";

const FLAGS = ["--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
const USAGE = `Usage: npm run cluster -- build | up | test
  build   Kubernetes' programs, from its Go module: ten minutes of CPU time, kept in ~/.cache/tenk-cluster
  up      a cluster with tenk in it, until Ctrl-C
  test    rolling updates under load, and a load test by agents; then it is removed (default)`;

const [what = "test", ...rest] = process.argv.slice(2);
if (!["build", "up", "test"].includes(what) || rest.length > 0) {
  console.error(USAGE);
  process.exit(2);
}
if (!areBinariesBuilt()) {
  console.log("Building Kubernetes: this takes ten minutes of CPU time, once …");
  buildBinaries();
}
if (what !== "build") process.exitCode = await run(what);

async function run(task: string): Promise<number> {
  const missing = missingPrograms();
  if (process.getuid?.() !== 0) missing.push("root");
  if (missing.length > 0) {
    console.error(`A cluster needs ${missing.join(", ")}.`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "tenk-cluster-"));
  const cgroup = `/${folder.split("/").at(-1)}`;
  const settings = kernelSettings();
  addCgroups(cgroup);
  const words = [...FLAGS, process.execPath, join(import.meta.dirname, "inside.ts"), task, folder, cgroup];
  const child = spawn("unshare", words, { stdio: ["ignore", "inherit", "inherit"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill("SIGKILL"));
  try {
    const { promise, resolve } = Promise.withResolvers<number>();
    child.on("exit", (code) => resolve(code ?? 130));
    return await promise;
  } finally {
    restoreKernelSettings(settings);
    await removeCgroups(cgroup);
    rmSync(folder, { recursive: true, force: true });
  }
}
