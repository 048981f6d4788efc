import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateFile } from "../../../src/alerts/outbox/mod.ts";
import { keptLog } from "../../app/admin/support.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "alerts-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the last value is on the disk at the end, for this user alone, and nothing is left beside it", async () => {
  await withFolder(async (folder) => {
    const file = new StateFile(folder, keptLog());
    expect(await file.read(JSON.parse)).toBeUndefined();
    for (let value = 0; value < 50; value++) file.write(() => JSON.stringify(value));
    await file.close();
    expect(readdirSync(folder)).toEqual(["alerts.json"]);
    expect(statSync(join(folder, "alerts.json")).mode & 0o777).toBe(0o600);
    expect(await new StateFile(folder, keptLog()).read(JSON.parse)).toBe(49);
  });
});

test("a broken file is kept aside, and nothing is known", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "alerts.json"), '{"version":1');
    const log = keptLog();
    expect(await new StateFile(folder, log).read(JSON.parse)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(["alerts.json.broken"]);
    expect(log.lines.length).toBe(1);
  });
});

test("what cannot be written stays in memory, is logged once, and is written when it can be", async () => {
  await withFolder(async (folder) => {
    const log = keptLog();
    const place = join(folder, "gone");
    const file = new StateFile(place, log);
    for (let value = 0; value < 3; value++) {
      file.write(() => String(value));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(log.lines.map(([, message]) => message)).toEqual(["alerts are kept in memory only"]);
    mkdirSync(place);
    await file.close();
    expect(readFileSync(join(place, "alerts.json"), "utf8")).toBe("2");
  });
});

test("without a data folder nothing is kept", async () => {
  const file = new StateFile(undefined, keptLog());
  file.write(() => "1");
  await file.close();
  expect(await file.read(JSON.parse)).toBeUndefined();
});
