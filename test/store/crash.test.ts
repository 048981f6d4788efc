import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HistoryFile } from "../../src/store/history-file.ts";
import { membersOf } from "../../src/store/members.ts";
import { blockAt, newFolder, START_MS } from "./support.ts";

const WRITER = join(import.meta.dirname, "crash-writer.ts");

/** Opens it as SQLite alone does, and tells the newest block that all of its series have. */
function inspect(path: string): { integrity: unknown; newest: number; seriesOfNewest: number } {
  const database = new Database(path);
  try {
    const [[integrity]] = database.query("PRAGMA integrity_check").values() as [[unknown]];
    const [[newest]] = database.query("SELECT max(id) >> 20 FROM ten_seconds").values() as [[number]];
    const rows = database.query("SELECT points FROM ten_seconds WHERE id >> 20 = ?").values(newest) as [Uint8Array][];
    const series = rows.flatMap(([points]) => membersOf(points)).filter((member) => member !== undefined);
    return { integrity, newest: newest - START_MS / 300_000, seriesOfNewest: series.length };
  } finally {
    database.close();
  }
}

/** Twenty in CI. */
const KILLS = process.env.CI === "true" ? 20 : 8;

test(`after ${KILLS} kills during writes the file opens, is intact, and lacks at most the unconfirmed batch`, async () => {
  const folder = newFolder();
  let next = 0;
  for (let round = 0; round < KILLS; round++) {
    const writer = spawn(process.execPath, [WRITER, folder, String(next)], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    writer.stdout.on("data", (bytes) => {
      said += bytes;
    });
    const exited = once(writer, "exit");
    while (said.split("\n").length <= 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, (round * 37) % 50));
    writer.kill("SIGKILL");
    await exited;
    expect(said).not.toContain("failed");
    const confirmed = Number(said.split("\n").at(-2));
    const { integrity, newest, seriesOfNewest } = inspect(join(folder, "history.sqlite"));
    expect([integrity, seriesOfNewest]).toEqual(["ok", 100]);
    expect(newest).toBeGreaterThanOrEqual(confirmed);
    expect(newest).toBeLessThanOrEqual(confirmed + 1);
    next = newest + 1;
  }
  expect(next).toBeGreaterThan(3 * KILLS);
}, 30_000);

test("a write-ahead log that is truncated anywhere, as by a lost disk cache, loses only the batches behind the cut", () => {
  const folder = newFolder();
  const path = join(folder, "history.sqlite");
  const file = new HistoryFile(path);
  for (let block = 0; block < 12; block++) file.write([blockAt(START_MS + block * 300_000, (atMs) => Math.sin(atMs))]);
  const log = readFileSync(`${path}-wal`);
  const whole = join(folder, "whole.sqlite");
  copyFileSync(path, whole);
  file.close();
  let before = -1;
  for (let cut = 0; cut <= 40; cut++) {
    const into = join(folder, String(cut));
    mkdirSync(into);
    const copy = join(into, "history.sqlite");
    copyFileSync(whole, copy);
    writeFileSync(`${copy}-wal`, log.subarray(0, Math.floor((log.length * cut) / 40)));
    const opened = new HistoryFile(copy);
    const { grid } =
      opened.read({
        name: "connections",
        labels: {},
        fromMs: START_MS,
        stepMs: 300_000,
        length: 12,
        untilMs: 9e15,
      })[0] ?? {};
    opened.close();
    const known = grid?.weight.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0) ?? 0;
    expect(known).toBeGreaterThanOrEqual(before);
    before = known;
    expect(existsSync(copy)).toBeTrue();
  }
  expect(before).toBe(12);
});
