import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFile } from "../../../src/probe/checks/mod.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 30, 12);
const folder = mkdtempSync(join(tmpdir(), "tenk-file-check-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function write(name: string, ageHours: number, text = "x".repeat(2048)): string {
  writeFileSync(at(name), text);
  const written = (NOW_MS - ageHours * HOUR_MS) / 1000;
  utimesSync(at(name), written, written);
  return at(name);
}

const check = (path: string, more: { maxAgeMs?: number; minBytes?: number } = {}) =>
  checkFile({ path, ...more, nowMs: () => NOW_MS });

describe("a file", () => {
  test.each([
    ["that is there is up", 400, {}, "up", "written 400h ago, 2 KiB"],
    ["young enough is up", 25, { maxAgeMs: 26 * HOUR_MS }, "up", "written 25h ago, 2 KiB"],
    ["of the future is young, whatever the clocks say", -5, { maxAgeMs: HOUR_MS }, "up", "written 0ms ago, 2 KiB"],
    ["too old is down", 27, { maxAgeMs: 26 * HOUR_MS }, "down", "was written 27h ago, and should be no older than 26h: did its job run?"], // biome-ignore format: a row
    ["as large as it should be is up", 1, { minBytes: 2048 }, "up", "written 60m ago, 2 KiB"],
    ["too small is down", 1, { minBytes: 4096 }, "down", "has 2 KiB, and should have at least 4 KiB: was it cut off?"],
  ] as const)("%s", async (_, ageHours, more, result, reason) => {
    const path = write("backup", ageHours);
    expect(await check(path, more)).toEqual({
      result,
      facts: {},
      reason: result === "down" ? `${path} ${reason}` : reason,
    });
  });

  test("that is not there is down", async () => {
    for (const path of [at("nowhere"), join(write("plain", 1), "below")])
      expect(await check(path)).toEqual({ result: "down", facts: {}, reason: `there is no ${path}: has its job ever run?` }); // biome-ignore format: one call
  });

  test("may be a folder, or a link", async () => {
    mkdirSync(at("folder"));
    symlinkSync(write("target", 3), at("link"));
    symlinkSync(at("loop"), at("loop"));
    expect((await check(at("folder"), { minBytes: 1e9 })).result).toBe("up");
    expect((await check(at("link"), { maxAgeMs: 2 * HOUR_MS })).result).toBe("down");
    expect((await check(at("loop"))).reason).toContain("leads nowhere");
  });

  test("that is a pipe is looked at, and not opened, which would hang", async () => {
    spawnSync("mkfifo", [at("pipe")]);
    expect((await check(at("pipe"))).result).toBe("up");
  });
});
