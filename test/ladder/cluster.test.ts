/** The manifests in a real cluster, where Kubernetes' programs have been built: `npm run cluster -- build` does it once. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { areBinariesBuilt } from "../../scripts/cluster/binaries.ts";
import { missingPrograms } from "../../scripts/cluster/programs.ts";
import { isSlowStage } from "../slow-stage.ts";

const MAIN = join(import.meta.dirname, "../../scripts/cluster/main.ts");
const TIMEOUT_MS = 400_000;
const isWanted = isSlowStage || process.env.TENK_REAL === "1";
const missing = [
  ...(areBinariesBuilt() ? [] : ["npm run cluster -- build"]),
  ...missingPrograms(),
  ...(process.getuid?.() === 0 ? [] : ["root"]),
];
if (isWanted && missing.length > 0) console.log(`skipped: a cluster needs ${missing.join(", ")}`);

test.if(isWanted && missing.length === 0)(
  "a rolling update in a real cluster loses no connection, and loses some without the drain delay",
  () => {
    const env = { ...process.env, TENK_RUNS: process.env.TENK_RUNS ?? "1" };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "test"], { encoding: "utf8", env });
    process.stdout.write(stdout);
    expect(status, stderr).toBe(0);
  },
  TIMEOUT_MS,
);
