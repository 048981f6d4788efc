import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepingIn, startTenk } from "../cli/tenk.ts";
import { isWanted, run } from "./wanted.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "tenk-npm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** It downloads the dependencies, from npm's cache where they are. */
if (isWanted("the npm package", ["npm", "node"])) {
  test(
    "the packed file installs into an empty prefix, and its tenk serves",
    async () => {
      run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
      const [packed = ""] = readdirSync(folder);
      const prefix = join(folder, "prefix");
      const words = ["--global", "--prefix", prefix, "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
      run("npm", ["install", ...words, join(folder, packed)], { cwd: folder });

      const program = join(prefix, "bin/tenk");
      expect(run(program, ["--version"], { cwd: folder, env: keepingIn(folder) })).toMatch(/^tenk \d+\.\d+\.\d+ /);
      const up = ["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
      const { child, sees, ended } = startTenk(up, { program, env: { XDG_DATA_HOME: folder } });
      const [line] = await sees("stdout", /^\{.*\}$/m);
      const { statusUrl } = JSON.parse(line);
      expect(await (await fetch(new URL("/healthz", statusUrl))).text()).toBe("ok\n");
      expect(await (await fetch(statusUrl)).text()).toContain("<html");
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    },
    TIMEOUT_MS,
  );
}
