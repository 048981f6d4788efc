/** A house's servers in one box, in namespaces of their own: what is looked at is in `box-inside.ts`. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasPrograms } from "../../app/admin/nginx-support.ts";
import { hasNamespaces } from "../../metrics/namespaced.ts";
import { hasGo } from "../../net/go.ts";
import { isSlowStage } from "../../slow-stage.ts";
import { buildFerretDb, installNodeRed, nodeRedProgram } from "./peers.ts";
import { SERVERS } from "./servers/mod.ts";

const FLAGS = ["-nmpf", "--kill-child", "--mount-proc"];
const TIMEOUT_MS = 900_000;
/** `TENK_REAL=1` runs it outside CI, where it takes two minutes of both cores. */
const isWanted = isSlowStage || process.env.TENK_REAL === "1";
const programs = SERVERS.map(({ program }) => program).filter((program) => program !== nodeRedProgram);

test.if(isWanted && hasPrograms("thirty real servers", programs) && hasGo && hasNamespaces(FLAGS))(
  "thirty real servers are found, probed, seen to stop and to start again",
  () => {
    installNodeRed();
    const folder = mkdtempSync(join(tmpdir(), "tenk-box-"));
    const inside = [
      process.execPath,
      "test",
      "--bail",
      "--timeout",
      "400000",
      join(import.meta.dirname, "box-inside.ts"),
    ];
    const words = [...FLAGS, "sh", "-c", 'ip link set lo up; chmod 755 "$DIR"; exec "$@"', "sh", ...inside];
    try {
      const env = { ...process.env, DIR: folder, TENK_FERRETDB: buildFerretDb() };
      const { status, stdout, stderr } = spawnSync("unshare", words, { encoding: "utf8", env, timeout: TIMEOUT_MS });
      if (status !== 0) throw new Error(`${stdout}\n${stderr}`);
      process.stdout.write(stdout);
      expect(stderr).toContain(" 0 fail");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  TIMEOUT_MS,
);
