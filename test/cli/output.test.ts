import { describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonTarget } from "../../src/cli/output.ts";
import { keepingIn, TENK, withFolder } from "./tenk.ts";

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
  const command = 'for i in 1 2 3; do "$@" check --json; echo "code $?" >&2; done | true';
  const { stderr } = spawnSync("sh", ["-c", command, "sh", ...TENK]);
  expect(stderr.toString()).toBe("code 0\ncode 0\ncode 0\n");
});

test("a result that the disk does not take fails the command, in one line", () => {
  const { status, stderr } = spawnSync("sh", ["-c", '"$@" check --json > /dev/full', "sh", ...TENK]);
  expect(stderr.toString()).toBe("tenk: cannot write to standard output: the disk is full\n");
  expect(status).toBe(1);
});

test("a full disk is reported once for many results", () => {
  const source = join(import.meta.dir, "../../src/cli/output.ts");
  const program = `const { print, handleOutputErrors } = await import(${JSON.stringify(source)});
    handleOutputErrors();
    for (let count = 0; count < 20; count++) {
      print("a result");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }`;
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, ["-e", program], { stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  expect(stderr.toString()).toBe("tenk: cannot write to standard output: the disk is full\n");
  expect(status).toBe(1);
});

test("a full disk for the log does not end tenk", async () => {
  const words = ["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
  const log = openSync("/dev/full", "w");
  const env = keepingIn();
  const [program = "", ...rest] = [...TENK, ...words];
  const child = spawn(program, rest, { env, stdio: ["ignore", "pipe", log] });
  closeSync(log);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const { statusUrl } = JSON.parse(line.toString()) as { statusUrl: string };
  expect((await fetch(`${statusUrl}healthz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "close")).toEqual([0, null]);
});
