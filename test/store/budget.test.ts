import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isSlowStage } from "../slow-stage.ts";
import { newFolder } from "./support.ts";

const MEGABYTE = 1_000_000;
const MEBIBYTE = 2 ** 20;

interface Amounts {
  readonly diskBytes: number;
  readonly writeCallBytes: number;
}

interface Figures extends Amounts {
  readonly perDay: readonly Amounts[];
  readonly openBytes: number;
}

/** Bytes that the system counts as written to the disk; for a file system in memory, those passed to `write`. */
const written = ({ diskBytes, writeCallBytes }: Amounts) => Math.max(diskBytes, writeCallBytes);

function simulate(folder: string, ...words: (string | number)[]): Figures {
  const program = [join(import.meta.dirname, "simulate.ts"), folder, ...words.map(String)];
  const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8", timeout: 60_000 });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Figures;
}

test("an instance with 300 series writes at most 50 MB on a day when as many blocks are deleted as added", () => {
  const { perDay } = simulate(newFolder(), 2, 300);
  expect(perDay.length).toBe(2);
  expect(written(perDay[0]!)).toBeGreaterThan(5 * MEGABYTE);
  for (const day of perDay) expect(written(day)).toBeLessThan(50 * MEGABYTE);
}, 60_000);

test.if(isSlowStage)(
  "so does one whose series are all noise, on its first day and when each new hour deletes an old one",
  () => {
    const { perDay } = simulate(newFolder(), 2, 300, "noise");
    expect(perDay.length).toBe(2);
    for (const day of perDay) {
      expect(written(day)).toBeGreaterThan(30 * MEGABYTE);
      expect(written(day)).toBeLessThan(50 * MEGABYTE);
    }
  },
  60_000,
);

test.if(isSlowStage)(
  "after 90 days the file of 300 series is at most 100 MiB: a twentieth of it for a twentieth of them, all noise",
  () => {
    const memory = "/dev/shm";
    const folder = existsSync(memory) ? mkdtempSync(join(memory, "tenk-budget-")) : newFolder();
    try {
      const { openBytes } = simulate(folder, 92, 15, "noise", 12, "no-sync");
      expect(openBytes).toBeGreaterThan(MEBIBYTE);
      // The log is as long for few series as for many.
      expect((openBytes - 4.2 * MEBIBYTE) * 20 + 4.2 * MEBIBYTE).toBeLessThan(100 * MEBIBYTE);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);

test.if(isSlowStage)(
  "with 200 probed services beside, whose answers take another time each, both files write less than 50 MB a day",
  () => {
    const { perDay } = simulate(newFolder(), 1, 500, "probes");
    const program = [join(import.meta.dirname, "simulate-services.ts"), newFolder(), "2", "200", "100"];
    const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8", timeout: 60_000 });
    expect(stderr).toBe("");
    const services = (JSON.parse(stdout) as Figures).perDay;
    for (const day of services) {
      expect(written(day)).toBeLessThan(10 * MEGABYTE);
      expect(written(day) + written(perDay[0]!)).toBeLessThan(50 * MEGABYTE);
    }
  },
  120_000,
);
