import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTokenOf } from "../../src/app/mod.ts";
import { tenk } from "./tenk.ts";

const TOKEN = "t".repeat(43);

test("prints the token of the data folder, and the one that only reads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-token-"));
  const config = join(folder, "tenk.yaml");
  writeFileSync(config, "data: { folder: data }\n");
  try {
    const none = await tenk(["token", "--config", config]);
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain("the first tenk up makes it");
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    writeFileSync(join(folder, "data/token"), `${TOKEN}\n`, { mode: 0o600 });
    expect((await tenk(["token", "--config", config])).stdout).toBe(`${TOKEN}\n`);
    expect((await tenk(["token", "--read-only", "--config", config])).stdout).toBe(`${readTokenOf(TOKEN)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
