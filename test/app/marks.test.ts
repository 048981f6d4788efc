import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MarkFile } from "../../src/app/marks/mark-file.ts";
import { parseConfig, up } from "../../src/app/mod.ts";
import { keptLog } from "./admin/support.ts";

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-marks-"));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const mark = (atMs: number) => ({ atMs, kind: "reload" as const, text: `at ${atMs}` });

describe("the file of marks", () => {
  test("has what was added, after a restart too, and is read by its owner alone", async () => {
    const file = join(newFolder(), "marks");
    const first = new MarkFile({ file, log: keptLog() });
    for (const at of [1, 2, 3]) first.add(mark(at));
    await first.settled();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = new MarkFile({ file, log: keptLog() });
    expect(again.between(2, 9)).toEqual([mark(2), mark(3)]);
    expect(again.last).toEqual(mark(3));
  });

  test("forgets the oldest, and does not grow", async () => {
    const file = join(newFolder(), "marks");
    const marks = new MarkFile({ file, log: keptLog(), maxMarks: 5 });
    for (let at = 0; at < 33; at += 1) marks.add(mark(at));
    await marks.settled();
    expect(marks.between(0, 99).map(({ atMs }) => atMs)).toEqual([28, 29, 30, 31, 32]);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(JSON.parse(lines.at(-1)!)).toEqual(mark(32));
    expect(new MarkFile({ file, log: keptLog(), maxMarks: 5 }).between(0, 99)).toEqual(marks.between(0, 99));
  });

  test.each([
    ["a line that a power cut left half", '{"atMs":4,"ki'],
    ["a mark of a later version", '{"atMs":4,"kind":"later","text":"t"}\n'],
    ["no mark at all", "[]\n"],
  ])("leaves out %s", async (_, line) => {
    const file = join(newFolder(), "marks");
    const log = keptLog();
    const first = new MarkFile({ file, log });
    first.add(mark(1));
    await first.settled();
    appendFileSync(file, line);
    const second = new MarkFile({ file, log });
    expect(second.between(0, 9)).toEqual([mark(1)]);
    second.add(mark(5));
    await second.settled();
    expect(new MarkFile({ file, log }).between(0, 9)).toEqual([mark(1), mark(5)]);
  });

  test("that cannot be written is logged once, and the marks stay in memory", async () => {
    const log = keptLog();
    const marks = new MarkFile({ file: join(newFolder(), "missing", "marks"), log });
    marks.add(mark(1));
    marks.add(mark(2));
    await marks.settled();
    expect(marks.between(0, 9)).toHaveLength(2);
    expect(log.lines.filter(([, message]) => message.startsWith("marks not kept"))).toHaveLength(1);
  });
});

test("an instance marks its starts, reloads, stops and load tests", async () => {
  const dataFolder = newFolder();
  const loaded = parseConfig('dashboard: { listen: "127.0.0.1:0" }', "tenk.yaml");
  const begunMs = Date.now();
  const first = await up(loaded, { log: keptLog(), dataFolder });
  await first.reload(loaded);
  await first.stop(0);
  const second = await up(loaded, { log: keptLog(), dataFolder });
  try {
    const asked = await fetch(new URL(`/api/marks?from=${begunMs}&to=${Date.now()}`, second.statusUrl));
    const { marks } = (await asked.json()) as { marks: { kind: string; text: string }[] };
    expect(marks.map(({ kind }) => kind)).toEqual(["start", "reload", "stop", "start"]);
    expect(marks.at(-1)!.text).toMatch(/^tenk \d\S+ started$/);
    const wrong = await fetch(new URL("/api/marks?from=9&to=1", second.statusUrl));
    expect(wrong.status).toBe(400);
  } finally {
    await second.stop(0);
  }
});

test("a start after an end without a stop says so", async () => {
  const dataFolder = newFolder();
  appendFileSync(join(dataFolder, "marks"), '{"atMs":1,"kind":"start","text":"tenk started"}\n');
  const config = 'dashboard: { listen: "127.0.0.1:0" }';
  const instance = await up(parseConfig(config, "tenk.yaml"), { log: keptLog(), dataFolder });
  try {
    const asked = await fetch(new URL("/api/marks", instance.statusUrl));
    const { marks } = (await asked.json()) as { marks: { text: string }[] };
    expect(marks.at(-1)!.text).toMatch(/ started, after an end without a stop \(crash or power cut\)$/);
  } finally {
    await instance.stop(0);
  }
});
