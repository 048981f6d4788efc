import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonTarget } from "../../src/cli/output.ts";
import { MAIN, withFolder } from "./tenk.ts";

describe("a JSON result", () => {
  test("is written to its file whole, with nothing left beside it", async () => {
    await withFolder(async (folder) => {
      const target = jsonTarget(join(folder, "report.json"));
      target.write({ a: 1 });
      target.write({ a: 2 });
      expect(readdirSync(folder)).toEqual(["report.json"]);
      expect(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).toEqual({ a: 2 });
    });
  });

  test("is refused before the run where it could not be written", async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, "inner"));
      expect(() => jsonTarget(join(folder, "inner"))).toThrow("it is a directory");
      expect(() => jsonTarget(join(folder, "absent", "report.json"))).toThrow(`there is no directory ${folder}/absent`);
    });
  });
});

test("a reader that went away does not end the program with a trace", () => {
  // `true` reads nothing and ends: every write after that is EPIPE.
  const command = 'for i in 1 2 3; do "$0" "$1" check --json; echo "code $?" >&2; done | true';
  const { stderr } = spawnSync("sh", ["-c", command, process.execPath, MAIN]);
  expect(stderr.toString()).toBe("code 0\ncode 0\ncode 0\n");
});
