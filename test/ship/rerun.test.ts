import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileResult } from "../../scripts/failures.ts";
import { type Ended, filesToRerun, outcomeOf } from "../../scripts/rerun.ts";
import { tally } from "../../scripts/tally.ts";

/** A file with two tests that passed, one that was skipped, and these that failed. */
function failing(file: string, errors: string[] = [`${file} broke`], outside = 0): FileResult {
  return { file, passed: 2, skipped: 1, outside, errors };
}

function ended(summary: string, exitCode = 0, ...files: FileResult[]): Ended {
  return { tally: tally(summary, exitCode), files };
}

const GOOD = ended(" 10 pass\n 0 fail\n");
const A = failing("a.test.ts");
const ONE_FAILED = ended(" 9 pass\n 2 skip\n 1 fail\n", 1, A);
const six = ["1", "2", "3", "4", "5", "6"].map((name) => failing(name));

describe("run once more", () => {
  const loading = failing("b.test.ts", ["error: at load"], 1);
  const cases: [what: string, runs: Ended[], files: string[]][] = [
    ["nothing where nothing failed", [GOOD, GOOD], []],
    ["the files that failed, of all processes", [ONE_FAILED, GOOD, ended(" 1 pass\n 1 fail\n", 1, loading)], ["a.test.ts", "b.test.ts"]],
    ["a file that failed as it was loaded, which the runner counts twice", [ended(" 1 pass\n 1 fail\n 1 error\n", 1, loading)], ["b.test.ts"]],
    ["five files", [ended(" 1 pass\n 5 fail\n", 1, ...six.slice(1))], ["2", "3", "4", "5", "6"]],
    ["nothing where six failed", [ended(" 1 pass\n 6 fail\n", 1, ...six)], []],
    ["nothing where another process crashed", [ONE_FAILED, ended("Segmentation fault", 139)], []],
    ["nothing where the process itself crashed", [ended(" 9 pass\n 1 fail\n", 134, A)], []],
    ["nothing where more failed than is known", [ended(" 9 pass\n 2 fail\n", 1, A)], []],
    ["nothing where the file is not known", [ended(" 9 pass\n 1 fail\n", 1, failing(""))], []],
  ]; // biome-ignore format: a table
  test.each(cases)("%s", (_, runs, files) => expect(filesToRerun(runs)).toEqual(files));
});

describe("the outcome", () => {
  const both = [ONE_FAILED, ended(" 4 pass\n 1 fail\n", 1, failing("b.test.ts")), GOOD];
  const first = "23 passed, 2 failed, 2 skipped";
  const cases: [what: string, again: Ended | undefined, line: string, code: number, recovered: string[], failed: string[]][] = [
    ["where nothing ran again", undefined, first, 1, [], ["a.test.ts broke", "b.test.ts broke"]],
    // Four of the two files passed before, and now six did.
    ["where all passed alone", ended(" 6 pass\n 2 skip\n 0 fail\n"), "25 passed, 0 failed, 2 skipped", 0, ["a.test.ts broke", "b.test.ts broke"], []],
    ["where one failed again, of another error", ended(" 5 pass\n 2 skip\n 1 fail\n", 1, failing("b.test.ts", ["b otherwise"])), "24 passed, 1 failed, 2 skipped", 1, ["a.test.ts broke"], ["b.test.ts broke", "b otherwise"]],
    ["where the second run crashed", ended("Segmentation fault", 139), first, 1, [], ["a.test.ts broke", "b.test.ts broke"]],
  ]; // biome-ignore format: a table
  test.each(cases)("%s", (_, again, line, exitCode, recovered, failed) => {
    expect(outcomeOf(both, again)).toMatchObject({ tally: { line, exitCode }, recovered, failed });
  });
});

test("`npm test` runs what failed again, says so before the closing line, and fails what fails twice", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-rerun-"));
  const write = (path: string, body: string) => {
    mkdirSync(join(folder, "test", path, ".."), { recursive: true });
    writeFileSync(join(folder, "test", path), `import { expect, test } from "bun:test";\n${body}\n`);
  };
  const marker = JSON.stringify(join(folder, "seen"));
  const run = () => {
    const env = { ...process.env, TENK_EXECUTABLE: "" };
    const { stdout, exitCode } = Bun.spawnSync([process.execPath, join(folder, "scripts/test.ts")], { env });
    return { said: stdout.toString(), exitCode, last: stdout.toString().trimEnd().split("\n").at(-1) };
  };
  try {
    cpSync(join(import.meta.dirname, "../../scripts"), join(folder, "scripts"), { recursive: true });
    for (const path of ["net/a.test.ts", "cli/b.test.ts", "app/c.test.ts"]) write(path, 'test("fine", () => {});');
    const once = `const { existsSync, writeFileSync } = require("node:fs");
      test("also fine", () => {});
      test("held up", () => { const isSecond = existsSync(${marker}); writeFileSync(${marker}, ""); expect(isSecond).toBe(true); });`;
    write("ship/d.test.ts", once);
    const recovered = run();
    expect([recovered.last, recovered.exitCode]).toEqual(["5 passed, 0 failed", 0]);
    expect(recovered.said).toMatch(
      /\nFailed beside the others, passed alone:\n\ntest\/ship\/d\.test\.ts:\n.*error: expect.*\(fail\) held up [^\n]*\n\n5 passed/s,
    );
    expect(recovered.said).not.toContain("\nFailed:\n");
    write("cli/b.test.ts", 'test("broken", () => expect(1).toBe(2));');
    const broken = run();
    expect([broken.last, broken.exitCode]).toEqual(["4 passed, 1 failed", 1]);
    expect(broken.said).not.toContain("passed alone");
    expect(broken.said).toMatch(/\nFailed:\n\ntest\/cli\/b\.test\.ts:\n.*\(fail\) broken/s);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
