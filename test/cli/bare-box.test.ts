/** A box without configuration, in a network of its own: what is looked at is in `bare-box-inside.ts`. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { hasOffline, OFFLINE } from "../metrics/namespaced.ts";

const TIMEOUT_MS = 120_000;

test.if(hasOffline())(
  "a box without configuration serves everything by defaults",
  () => {
    const [unshare, ...words] = OFFLINE;
    const inside = [process.execPath, "test", "--timeout", "60000", join(import.meta.dirname, "bare-box-inside.ts")];
    const { status, stderr } = spawnSync(unshare, [...words, ...inside], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    expect(stderr).toContain("(pass)");
  },
  TIMEOUT_MS,
);
