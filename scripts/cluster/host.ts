/** What a cluster changes outside its namespaces, and how that is taken back. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CGROUPS = "/sys/fs/cgroup";
/** What every kubelet sets for the whole machine. */
const SETTINGS = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"].concat(
  ["root_maxkeys", "root_maxbytes"].map((name) => `kernel/keys/${name}`),
);

export function kernelSettings(): Map<string, string> {
  const files = SETTINGS.map((name) => `/proc/sys/${name}`).filter((file) => existsSync(file));
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

export function restoreKernelSettings(settings: ReadonlyMap<string, string>): void {
  for (const [file, text] of settings) {
    if (readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  }
}

/** Makes the control groups below which the kubelet makes those of pods: one for each hierarchy of version 1, or the one of version 2. */
export function addCgroups(name: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // A set without processors and memory takes no process.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(hierarchy, file)))
        writeFileSync(join(folder, file), readFileSync(join(hierarchy, file), "utf8"));
    }
  }
}

/** Processes that were killed leave their group a moment later. */
export async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    for (let tries = 0; tries < 100 && !isRemoved(join(hierarchy, name)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function isRemoved(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const areGone = inner.map(({ name }) => isRemoved(join(folder, name))).every((isGone) => isGone);
  if (!areGone) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function hierarchies(): string[] {
  if (existsSync(join(CGROUPS, "cgroup.controllers"))) return [CGROUPS];
  return readdirSync(CGROUPS).map((name) => join(CGROUPS, name));
}
