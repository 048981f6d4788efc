import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkProgramFile } from "../../src/cli/upgrade-file.ts";
import { ProgramSwap } from "../../src/cli/upgrade-swap.ts";
import { fetchProgram, readVersionFile } from "../../src/cli/upgrade-version-file.ts";

const folder = mkdtempSync(join(tmpdir(), "upgrade-file-"));
const X64 = 62;
const ARM64 = 183;

/** The head of an executable whose table of sections ends at `endBytes`, and as many bytes as it has. */
function program(name: string, machine: number, endBytes: number, bytes: number): string {
  const head = Buffer.alloc(Math.max(bytes, 64));
  head.write("\x7fELF\x02\x01", "latin1");
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(BigInt(endBytes - 128), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(2, 60);
  writeFileSync(join(folder, name), head.subarray(0, bytes));
  return join(folder, name);
}

describe("a file to upgrade to", () => {
  test.each([
    ["a program of another processor", program("other", ARM64, 1000, 1000), "it is for arm64, and this machine is x64"],
    ["one that is cut off", program("half", X64, 1000, 700), "it has 700 bytes of 1000. Download it again"],
    ["one of which there is next to nothing", program("tiny", X64, 1000, 30), "it is cut off after 30 bytes"],
    ["an empty file", program("empty", X64, 1000, 0), "it is empty"],
  ])("may not be %s", (_, file, message) => {
    expect(() => checkProgramFile(file, "x64")).toThrow(message);
  });

  test("may be a whole program of this processor, and no text", () => {
    expect(() => checkProgramFile(program("whole", X64, 1000, 1000), "x64")).not.toThrow();
    writeFileSync(join(folder, "text"), "#!/bin/sh\n");
    expect(() => checkProgramFile(join(folder, "text"), "x64")).toThrow("expected an executable of tenk");
    expect(() => checkProgramFile(join(folder, "none"), "x64")).toThrow("Cannot read");
  });
});

describe("a version file", () => {
  const write = (content: unknown) => {
    const path = join(folder, "version.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const digest = createHash("sha256").update("new").digest("hex");

  test("names a file for each processor, which is copied if its digest is right", async () => {
    writeFileSync(join(folder, "tenk-x64"), "new");
    const path = write({ version: "9.9.9", files: { x64: { file: "./tenk-x64", sha256: digest.toUpperCase() } } });
    const source = readVersionFile(path, "x64")!;
    expect(source).toEqual({ version: "9.9.9", from: join(folder, "tenk-x64"), isUrl: false, sha256: digest });
    await fetchProgram(source, join(folder, "copy"));
    expect(readFileSync(join(folder, "copy"), "utf8")).toBe("new");
    writeFileSync(join(folder, "tenk-x64"), "other");
    await expect(fetchProgram(source, join(folder, "copy"))).rejects.toThrow("is not what the version file names");
  });

  test.each([
    ["no JSON", "{ version", "version.json"],
    ["no digest", { version: "1.0.0", files: { x64: { file: "tenk" } } }, "files.x64.sha256"],
    ["both a URL and a file", { version: "1", files: { x64: { file: "a", url: "https://a.example/", sha256: digest } } }, "expected either url or file"], // biome-ignore format: a table
    ["no file for this processor", { version: "1", files: { arm64: { file: "a", sha256: digest } } }, "it has no file for x64, only for arm64"], // biome-ignore format: a table
  ])("is refused with %s", (_, content, message) => {
    expect(() => readVersionFile(write(content), "x64")).toThrow(message);
  });

  test("is none where it is a program", () => {
    expect(readVersionFile(program("program", X64, 1000, 1000))).toBeUndefined();
    expect(readVersionFile(join(folder, "none"))).toBeUndefined();
  });
});

test("the program is replaced with its mode, kept beside, put back, and replaced by one upgrade at a time", () => {
  const installed = join(folder, "tenk");
  writeFileSync(installed, "old", { mode: 0o750 });
  writeFileSync(join(folder, "new"), "new", { mode: 0o644 });
  const swap = new ProgramSwap(installed);
  expect(() => new ProgramSwap(installed)).toThrow("while another upgrade runs");
  swap.copy(join(folder, "new"));
  swap.prepare();
  swap.install();
  expect([readFileSync(installed, "utf8"), statSync(installed).mode & 0o777]).toEqual(["new", 0o750]);
  expect(readFileSync(swap.previous, "utf8")).toBe("old");
  swap.rollBack();
  expect([readFileSync(installed, "utf8"), statSync(installed).mode & 0o777]).toEqual(["old", 0o750]);
  const next = new ProgramSwap(installed);
  next.release();
  expect(statSync(next.path, { throwIfNoEntry: false })).toBeUndefined();
});
