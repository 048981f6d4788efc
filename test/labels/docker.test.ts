/** Docker's own engine in a network of its own: what is looked at is in `docker-inside.ts`. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSlowStage } from "../slow-stage.ts";

const TIMEOUT_MS = 300_000;
/** Whatever the engine starts ends with the namespace of processes. */
const OWN = ["-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc"];
const isMissing = !existsSync("/usr/sbin/dockerd") || spawnSync("unshare", [...OWN, "true"]).status !== 0;

if (isSlowStage && isMissing) {
  test("Docker's engine is there", () => {
    throw new Error("install docker.io and busybox-static, and run as root: this check must not be left out in CI");
  });
}

test.if(isSlowStage && !isMissing)(
  "containers of a real Docker engine are routed, named and probed, and leave",
  () => {
    const inside = [process.execPath, "test", "--timeout", "60000", join(import.meta.dirname, "docker-inside.ts")];
    const script = 'mount --make-rprivate / && ip link set lo up && exec "$@"';
    const { status, stderr } = spawnSync("unshare", [...OWN, "sh", "-c", script, "sh", ...inside], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    if (status !== 0) throw new Error(stderr);
    expect(stderr).toContain("(pass)");
  },
  TIMEOUT_MS,
);
