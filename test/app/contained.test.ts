/**
 * A box as many run it, with Debian's nginx, Prometheus and Chromium; what is looked at is in `contained-inside.ts`, which runs in
 * a network of its own.
 */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { rmdirSync } from "node:fs";
import { join } from "node:path";
import { CHROMIUM, TIMEOUT_MS } from "../dash/browser.ts";
import { hasPrograms, NGINX } from "./admin/nginx-support.ts";
import { newCgroup } from "./cgroup-support.ts";

const PROGRAMS = [CHROMIUM, NGINX, "/usr/bin/prometheus", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/sbin/ip"];

function canContain(): boolean {
  const cgroup = newCgroup();
  if (cgroup !== undefined) rmdirSync(cgroup);
  const isAllowed = cgroup !== undefined && spawnSync("unshare", ["-n", "true"]).status === 0;
  if (isAllowed) return true;
  test.skipIf(process.env.CI !== "true")(
    "a box that is contained: needs the right to make namespaces and cgroups",
    () => {
      throw new Error("This check needs the right to make namespaces and cgroups, and must not be left out in CI");
    },
  );
  return false;
}

test.if(hasPrograms("a box that is contained", PROGRAMS) && canContain())(
  "a box in a cgroup and a network of its own, behind nginx, beside another of its host name",
  () => {
    const inside = [
      'ip link set lo up && exec "$@"',
      "sh",
      process.execPath,
      "test",
      "--timeout",
      "120000",
      join(import.meta.dirname, "contained-inside.ts"),
    ];
    const { status, stderr } = spawnSync("unshare", ["-n", "sh", "-c", ...inside], { encoding: "utf8" });
    expect(stderr).toContain("(pass)");
    if (status !== 0) throw new Error(stderr);
  },
  4 * TIMEOUT_MS,
);
