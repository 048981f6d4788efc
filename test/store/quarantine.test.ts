import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Files } from "../../src/store/files.ts";
import { quarantine } from "../../src/store/quarantine.ts";
import { blockAt, keptLog, newFolder, query, START_MS } from "./support.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 10, 11, 12);

/** Sets a file aside at each of the moments, and tells which are left: the number of each, in the order of its name. */
function leftOf(moments: readonly number[], why: "corrupt" | "foreign" = "corrupt"): string[] {
  const folder = newFolder();
  const path = join(folder, "history.sqlite");
  for (const [index, nowMs] of moments.entries()) {
    writeFileSync(path, String(index + 1));
    writeFileSync(`${path}-wal`, String(index + 1));
    expect(readFileSync(quarantine(path, why, nowMs), "utf8")).toBe(String(index + 1));
  }
  const names = readdirSync(folder);
  for (const name of names.filter((each) => each.endsWith(".sqlite"))) expect(names).toContain(`${name}-wal`);
  return names.filter((each) => each.endsWith(".sqlite")).map((name) => readFileSync(join(folder, name), "utf8"));
}

describe("a quarantined file", () => {
  test.each([
    ["goes on", [0, 1000, 2000, 3000, 4000].map((ms) => NOW_MS + ms)],
    ["is the same second", new Array<number>(5).fill(NOW_MS)],
    ["is the same second many times", new Array<number>(13).fill(NOW_MS)],
    ["is set back", [NOW_MS, NOW_MS + 5000, NOW_MS - 1000, NOW_MS - 2000]],
    ["begins in 1970 at each start", [NOW_MS, NOW_MS + 1000, 0, NOW_MS + 2000, 5000, 3000]],
    ["was far ahead", [Date.UTC(2099, 0), NOW_MS, NOW_MS + 1000, 0]],
  ])("is one of the newest three, where the clock %s", (_, moments) => {
    const count = moments.length;
    expect(leftOf(moments).sort()).toEqual([count - 2, count - 1, count].map(String).sort());
  });

  test("stays if it is foreign, however many there are", () => {
    expect(leftOf(new Array<number>(5).fill(NOW_MS), "foreign")).toHaveLength(5);
  });

  test("is renamed after its companions, so that a crash in between leaves none of them to a new file", () => {
    const folder = newFolder();
    // Its new name may be just as long as names are; that of its -wal may not: the disk refuses in between.
    const path = join(folder, `${"h".repeat(218)}.sqlite`);
    for (const companion of ["", "-wal", "-shm"]) writeFileSync(path + companion, "spoiled");
    expect(() => quarantine(path, "foreign", NOW_MS)).toThrow("ENAMETOOLONG");
    expect(existsSync(path)).toBe(true);
  });
});

test("a -wal without its file is not applied to a new file: SQLite removes one beside an empty file", () => {
  const folder = newFolder();
  const path = join(folder, "history.sqlite");
  const open = () => {
    const settings = { folder, runLimits: { maxRuns: 3, maxBytes: 2000 }, retryMs: 1000, maxRetryMs: 4000 };
    return new Files(settings, keptLog().log, { elapsedMs: () => 0, nowMs: () => NOW_MS });
  };
  const before = open();
  before.handle({ kind: "write", blocks: [blockAt(START_MS, () => 1)], insist: false });
  expect(existsSync(`${path}-wal`)).toBe(true);
  copyFileSync(`${path}-wal`, join(folder, "kept"));
  before.handle({ kind: "close" });
  rmSync(path);
  copyFileSync(join(folder, "kept"), `${path}-wal`);
  const after = open();
  expect(after.handle({ kind: "open" })).toBe(true);
  expect(after.handle({ kind: "read", query: query(START_MS, 300_000, 1) })).toEqual([]);
  after.handle({ kind: "close" });
});
