import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const LIMIT_BYTES = 256 * 2 ** 20;

/** A memory cgroup of v2 where it has the controller, else of v1; undefined where none can be made. */
export function newCgroup(): string | undefined {
  const v2 = "/sys/fs/cgroup";
  const isV2 =
    existsSync(`${v2}/cgroup.controllers`) && readFileSync(`${v2}/cgroup.controllers`, "utf8").includes("memory");
  const path = join(isV2 ? v2 : `${v2}/memory`, `tenk-test-${process.pid}`);
  try {
    if (isV2) writeFileSync(`${v2}/cgroup.subtree_control`, "+memory");
    mkdirSync(path);
    writeFileSync(join(path, isV2 ? "memory.max" : "memory.limit_in_bytes"), `${LIMIT_BYTES}`);
    return path;
  } catch {
    return undefined;
  }
}
