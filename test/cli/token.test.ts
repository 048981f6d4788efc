import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTokenOf } from "../../src/app/mod.ts";
import { defaultFile } from "../../src/cli/up.ts";
import { hasNamespaces } from "../metrics/namespaced.ts";
import { TENK, tenk } from "./tenk.ts";

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

const NOBODY = 65_534;

test.if(process.getuid?.() === 0)(
  "root is told the token of a service that runs as another user, if that user owns the folder",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-token-"));
    const config = join(folder, "tenk.yaml");
    const [data, file] = [join(folder, "data"), join(folder, "data/token")];
    writeFileSync(config, "data: { folder: data }\n");
    try {
      mkdirSync(data, { mode: 0o700 });
      writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
      chownSync(file, NOBODY, NOBODY);
      expect((await tenk(["token", "--config", config])).stdout).toBe("");
      chownSync(data, NOBODY, NOBODY);
      expect((await tenk(["token", "--config", config])).stdout).toBe(`${TOKEN}\n`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.if(process.getuid?.() === 0)("a folder that may not be searched for tenk.yaml is named as the problem", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-token-"));
  const before = process.cwd();
  chmodSync(folder, 0o700);
  process.chdir(folder);
  process.seteuid!(NOBODY);
  try {
    expect(defaultFile).toThrow("Cannot look for tenk.yaml in this folder: ");
  } finally {
    process.seteuid!(0);
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  }
});

const NAMELESS = ["--user", "--map-user=1234567"];

test.if(hasNamespaces(NAMELESS))(
  "a user without a name and a home has a data folder below the root, as in a container",
  () => {
    const words = [...NAMELESS, "env", "-u", "HOME", "-u", "XDG_DATA_HOME", ...TENK, "token"];
    expect(spawnSync("unshare", words, { encoding: "utf8" }).stderr).toContain("a token in /.local/share/tenk: ");
  },
);
