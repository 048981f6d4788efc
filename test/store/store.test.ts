import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Files } from "../../src/store/files.ts";
import { type Run, Store } from "../../src/store/mod.ts";
import { prepareSchema, RUNS_TABLES, RUNS_VERSION } from "../../src/store/schema.ts";
import { blockAt, keptLog, newFolder, query, START_MS } from "./support.ts";

const BLOCK_MS = 300_000;

/** The files of a folder without the thread around them, and with clocks of our own. */
function filesIn(folder: string) {
  const kept = keptLog();
  const clock = { ms: 0 };
  const settings = { folder, runLimits: { maxRuns: 3, maxBytes: 2000 }, retryMs: 1000, maxRetryMs: 4000 };
  const clocks = { elapsedMs: () => clock.ms, nowMs: () => Date.UTC(2026, 10, 23, 10, 11, 12) };
  const files = new Files(settings, kept.log, clocks);
  let blocks = 0;
  const write = (insist = false) => {
    const block = blockAt(START_MS + blocks++ * BLOCK_MS, () => 1);
    return files.handle({ kind: "write", blocks: [block], insist });
  };
  const read = () => files.handle({ kind: "read", query: query(START_MS, BLOCK_MS, 10) }) as unknown[];
  return { files, clock, write, read, lines: kept.lines, fields: kept.fields };
}

const run = (startedMs: number, size = 10): Run => ({
  startedMs,
  summary: { target: "box:9091", pass: true },
  report: { text: Array.from({ length: size }, (_, at) => `${startedMs * at * 7919}`).join() },
  series: { t: [0, 1, 2], lines: { sent: [1, null, 3] } },
});

describe("a store", () => {
  test("writes and reads in a thread, and the next store finds its data", async () => {
    const folder = join(newFolder(), "made", "here");
    const store = new Store({ folder });
    expect(await store.open()).toBeTrue();
    expect(await store.write([blockAt(START_MS, () => 5)])).toBeTrue();
    expect(await store.names()).toHaveLength(1);
    await store.stop();
    await store.stop();
    expect(await store.names()).toEqual([]);
    const next = new Store({ folder });
    const [series] = await next.read(query(START_MS, BLOCK_MS, 1));
    expect(series!.grid.max[0]).toBe(5);
    await next.stop();
  });

  test("that is frozen leaves its files to another one, and goes on when it is thawed", async () => {
    const folder = newFolder();
    const [first, second] = [new Store({ folder }), new Store({ folder })];
    await second.freeze();
    expect(await first.write([blockAt(START_MS, () => 5)])).toBeTrue();
    expect(await second.open()).toBeFalse();
    await first.freeze();
    expect(await first.write([blockAt(START_MS + BLOCK_MS, () => 6)])).toBeFalse();
    second.thaw();
    expect(await second.names()).toHaveLength(1);
    expect(await second.write([blockAt(START_MS + BLOCK_MS, () => 7)])).toBeTrue();
    expect(typeof (await first.runs.add(run(1)))).toBe("number");
    await second.stop();
    first.thaw();
    const [series] = await first.read(query(START_MS + BLOCK_MS, BLOCK_MS, 1));
    expect(series!.grid.max[0]).toBe(7);
    await first.stop();
  });

  test("does not keep a process alive", () => {
    const program = `import { Store } from ${JSON.stringify(join(import.meta.dirname, "../../src/store/mod.ts"))};
      console.log(await new Store({ folder: ${JSON.stringify(newFolder())} }).open());`;
    const { stdout, status } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8", timeout: 10_000 });
    expect([stdout.trim(), status]).toEqual(["true", 0]);
  });

  test("keeps runs, lists the newest first, and deletes the oldest beyond the count", async () => {
    const store = new Store({ folder: newFolder(), maxRuns: 3 });
    const ids = [];
    for (const startedMs of [1, 5, 2, 4]) ids.push(await store.runs.add(run(startedMs)));
    const listed = await store.runs.list();
    expect(listed.map(({ startedMs }) => startedMs)).toEqual([5, 4, 2]);
    expect(listed[0]!.summary).toEqual({ target: "box:9091", pass: true });
    expect(await store.runs.list(1)).toHaveLength(1);
    expect(await store.runs.get(ids[1]!)).toEqual({ ...run(5), id: ids[1]! });
    expect(await store.runs.get(ids[0]!)).toBeUndefined();
    expect([await store.runs.remove(ids[1]!), await store.runs.remove(ids[1]!)]).toEqual([true, false]);
    await store.stop();
  });

  test("keeps one copy of a run that is added twice, even by another process", async () => {
    const folder = newFolder();
    const [store, other] = [new Store({ folder }), new Store({ folder })];
    const id = await store.runs.add(run(7));
    expect([await other.runs.add(run(7)), await store.runs.add(run(7))]).toEqual([id, id]);
    // At the same moment, yet another run.
    expect(await other.runs.add(run(7, 11))).not.toBe(id);
    expect(await store.runs.list()).toHaveLength(2);
    await Promise.all([store.stop(), other.stop()]);
  });

  test("deletes runs beyond the size limit, but never the one just added", () => {
    const { files } = filesIn(newFolder());
    const list = () =>
      (files.handle({ kind: "listRuns", limit: 9 }) as { startedMs: number }[]).map((one) => one.startedMs);
    for (const startedMs of [1, 2]) files.handle({ kind: "addRun", run: run(startedMs, 200) });
    expect(list()).toEqual([2, 1]);
    files.handle({ kind: "addRun", run: run(3, 1000) });
    expect(list()).toEqual([3]);
    files.handle({ kind: "close" });
  });

  test("waits while another process writes a run, then adds its own", async () => {
    const folder = newFolder();
    const store = new Store({ folder });
    expect(await store.runs.add(run(1))).toBe(1);
    const other = new Database(join(folder, "runs.sqlite"));
    other.run("BEGIN IMMEDIATE");
    const added = store.runs.add(run(2));
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.run("COMMIT");
    other.close();
    expect(await added).toBe(2);
    await store.stop();
  });

  test.each(["user_version", "application_id", "count(*)", "BEGIN IMMEDIATE"])(
    "takes a file that another process makes at the moment of %p for what it is",
    (moment) => {
      const path = join(newFolder(), "runs.sqlite");
      const [ours, theirs] = [new Database(path), new Database(path)];
      let isMade = false;
      const make = (question: string) => {
        if (isMade || !question.includes(moment)) return;
        isMade = true;
        try {
          prepareSchema(theirs, RUNS_VERSION, RUNS_TABLES);
        } catch (error) {
          // Then we were first.
          expect((error as { code?: string }).code).toBe("SQLITE_BUSY");
        }
      };
      const watched = new Proxy(ours, {
        get(target, key) {
          if (key === "query") return (question: string) => [make(question), target.query(question)][1];
          if (key !== "transaction") return Reflect.get(target, key).bind(target);
          return (look: (...words: unknown[]) => unknown) => {
            const transaction = target.transaction(look);
            const immediate = () => [make("BEGIN IMMEDIATE"), transaction.immediate()][1];
            return Object.assign((...words: unknown[]) => transaction(...words), { immediate });
          };
        },
      });
      prepareSchema(watched, RUNS_VERSION, RUNS_TABLES);
      prepareSchema(theirs, RUNS_VERSION, RUNS_TABLES);
      expect(isMade).toBeTrue();
      ours.close();
      theirs.close();
    },
  );

  test("creates files for their owner only, even in a folder that others may read", () => {
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const before = process.umask(0o022);
    try {
      const { files, write } = filesIn(folder);
      expect(write()).toBeTrue();
      files.handle({ kind: "addRun", run: run(1) });
      const modes = readdirSync(folder).map(
        (name) => `${name} ${(statSync(join(folder, name)).mode & 0o777).toString(8)}`,
      );
      expect(modes.sort()).toEqual(["history.sqlite 600", "history.sqlite-wal 600", "runs.sqlite 600"]);
      files.handle({ kind: "close" });
    } finally {
      process.umask(before);
    }
  });
});

describe("disk problems:", () => {
  test("a folder that cannot be created is logged once, retried after a pause, and used once it works", () => {
    const folder = join(newFolder(), "blocked");
    writeFileSync(folder, "a file where the folder should be");
    const { clock, write, read, lines, fields } = filesIn(folder);
    expect(write()).toBeFalse();
    expect(lines).toEqual(["warn history not written"]);
    expect(fields[0]!.path).toBe(join(folder, "history.sqlite"));
    clock.ms = 1001;
    expect(write()).toBeFalse();
    rmSync(folder);
    // The second failure doubled the wait.
    clock.ms = 2500;
    expect([write(), read()]).toEqual([false, []]);
    clock.ms = 3002;
    expect(write()).toBeTrue();
    expect(lines.slice(1)).toEqual(["info history written again"]);
    expect(read()).toHaveLength(1);
  });

  test("a folder that is deleted during writes is created again", () => {
    const folder = newFolder();
    const { write, read, lines } = filesIn(folder);
    expect(write()).toBeTrue();
    rmSync(folder, { recursive: true });
    expect([write(), read().length, existsSync(join(folder, "history.sqlite"))]).toEqual([true, 1, true]);
    expect(lines).toEqual(["warn history file deleted, new file created"]);
  });

  test("an error that does not come from the disk causes no pause", () => {
    const { files, write, lines } = filesIn(newFolder());
    const broken = { startMs: START_MS, series: [null as never], points: new Float32Array(90) };
    expect(() => files.handle({ kind: "write", blocks: [broken], insist: false })).toThrow(TypeError);
    expect([write(), lines]).toEqual([true, []]);
  });

  test("series beyond the limit are left out, which is logged once", () => {
    const { files, lines } = filesIn(newFolder());
    const many = (from: number, count: number) => ({
      startMs: START_MS,
      series: Array.from({ length: count }, (_, at) => ({ name: `a${from + at}`, labels: {}, type: "gauge" as const })),
      points: new Float32Array(count * 90).fill(1),
    });
    for (const blocks of [[many(0, 10_000)], [many(9_999, 3)]]) {
      expect(files.handle({ kind: "write", blocks, insist: false })).toBeTrue();
    }
    expect(files.handle({ kind: "names" })).toHaveLength(10_000);
    expect(lines).toEqual(["warn history has too many series, new ones are not written"]);
  });

  test("the last write ignores the pause after a failure", () => {
    const folder = join(newFolder(), "blocked");
    writeFileSync(folder, "");
    const { write } = filesIn(folder);
    expect(write()).toBeFalse();
    rmSync(folder);
    expect([write(), write(true)]).toEqual([false, true]);
  });

  test("a file that another instance uses is left alone", () => {
    const folder = newFolder();
    const [first, second] = [filesIn(folder), filesIn(folder)];
    expect([first.write(), second.write(), first.write()]).toEqual([true, false, true]);
    expect(second.fields[0]!.error).toContain("in use by another process");
    first.files.handle({ kind: "close" });
    second.clock.ms = 5000;
    expect(second.write()).toBeTrue();
  });

  test.each([
    ["no database", () => Buffer.from("no database ".repeat(1000))],
    ["spoiled in its first page", (good: Buffer) => good.fill(0xaa, 100, 4096)],
    ["spoiled in all others", (good: Buffer) => good.fill(0xaa, 4096)],
    ["cut short", (good: Buffer) => good.subarray(0, 5000)],
  ])("a file that is %s is quarantined under a dated name, and a new one is created", (_, spoil) => {
    const folder = newFolder();
    const before = filesIn(folder);
    for (let at = 0; at < 50; at++) before.write();
    before.files.handle({ kind: "close" });
    const path = join(folder, "history.sqlite");
    const spoiled = spoil(readFileSync(path));
    writeFileSync(path, spoiled);
    const { write, read, lines, fields } = filesIn(folder);
    expect([write(), write()]).toEqual([true, true]);
    expect(lines).toEqual(["error history file quarantined, new file created"]);
    const aside = join(folder, "history-corrupt-2026-11-23T10-11-12.sqlite");
    expect(fields[0]!.to).toBe(aside);
    expect(readFileSync(aside)).toHaveLength(spoiled.length);
    expect(read()).toHaveLength(1);
  });

  test.each([
    ["labels that are cut", `UPDATE series SET labels = '{"listener":'`],
    ["labels that are none", "UPDATE series SET labels = 'null'"],
    ["a name of bytes", "UPDATE series SET name = x'00ff'"],
    ["a type that is none", "UPDATE series SET type = 'coun\u007fer'"],
    ["points that are a text", "UPDATE ten_seconds SET points = 'points'"],
    ["a column of another name", "ALTER TABLE ten_seconds RENAME COLUMN points TO qoints"],
    ["a table of another name", "ALTER TABLE dirty RENAME TO dirtx"],
  ])("a file with %s is quarantined: no write to it would ever succeed", (_, change) => {
    const folder = newFolder();
    const before = filesIn(folder);
    before.write();
    before.files.handle({ kind: "close" });
    alter(join(folder, "history.sqlite"), change);
    const { write, read, lines } = filesIn(folder);
    expect([write(), write()]).toEqual([true, true]);
    expect(read()).toHaveLength(1);
    expect(lines).toEqual(["error history file quarantined, new file created"]);
  });

  test("a file whose table and index differ in a name is quarantined", () => {
    const folder = newFolder();
    const before = filesIn(folder);
    before.write();
    before.files.handle({ kind: "close" });
    const path = join(folder, "history.sqlite");
    const text = readFileSync(path, "latin1");
    expect(text.split("packets")).toHaveLength(3);
    writeFileSync(path, text.replace("packets", "packetz"), "latin1");
    const { write, lines } = filesIn(folder);
    expect([write(), write()]).toEqual([true, true]);
    expect(lines).toEqual(["error history file quarantined, new file created"]);
  });

  test("the newest three corrupt files are kept", () => {
    const folder = newFolder();
    for (let day = 1; day <= 5; day++)
      writeFileSync(join(folder, `history-corrupt-2026-11-0${day}T00-00-00.sqlite`), "x");
    writeFileSync(join(folder, "history.sqlite"), "no database ".repeat(1000));
    expect(filesIn(folder).write()).toBeTrue();
    expect(
      readdirSync(folder)
        .filter((name) => name.includes("corrupt"))
        .sort(),
    ).toEqual(["04T00-00-00", "05T00-00-00", "23T10-11-12"].map((date) => `history-corrupt-2026-11-${date}.sqlite`));
  });

  test.each([
    ["a later version", "PRAGMA user_version = 99", "written by a later version (99"],
    ["an earlier version", "PRAGMA user_version = 1", "written by an earlier version (1"],
    ["another program", "PRAGMA application_id = 1", "not a file of tenk"],
  ])("a file of %s is quarantined, whole", (_, change, why) => {
    const folder = newFolder();
    const before = filesIn(folder);
    before.write();
    before.files.handle({ kind: "close" });
    alter(join(folder, "history.sqlite"), change);
    const { write, lines, fields } = filesIn(folder);
    expect(write()).toBeTrue();
    expect(lines).toEqual(["error history file quarantined, new file created"]);
    expect(fields[0]!.error).toContain(why);
    expect(existsSync(join(folder, "history-foreign-2026-11-23T10-11-12.sqlite"))).toBeTrue();
  });

  test("with a read-only folder, history stays in memory until it is writable", () => {
    const folder = newFolder();
    if (!mount(folder, "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs")) return needsRoot();
    try {
      const { clock, write, lines, fields } = filesIn(folder);
      expect(write()).toBeFalse();
      expect(fields[0]!.error).toBe(`cannot write into ${folder}: its file system is read-only`);
      expect(mount(folder, "-o", "remount,rw")).toBeTrue();
      clock.ms = 1001;
      expect(write()).toBeTrue();
      expect(lines).toEqual(["warn history not written", "info history written again"]);
    } finally {
      spawnSync("umount", ["-l", folder]);
    }
  });

  test("a full disk is logged once, can still be read, and is written again when there is space", () => {
    const folder = newFolder();
    if (!mount(folder, "-t", "tmpfs", "-o", "size=256k", "tmpfs")) return needsRoot();
    try {
      const { files, clock, write, read, lines, fields } = filesIn(folder);
      expect(write()).toBeTrue();
      const ballast = join(folder, "ballast");
      expect(spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]).status).not.toBe(0);
      const failed = [];
      for (clock.ms = 0; clock.ms < 100_000; clock.ms += 5000) failed.push(write());
      expect(failed.at(-1)).toBeFalse();
      expect(lines).toEqual(["warn history not written"]);
      expect(fields[0]!.error).toBe("the disk is full");
      expect(read()).toHaveLength(1);
      rmSync(ballast);
      clock.ms += 5000;
      expect(write()).toBeTrue();
      expect(lines.slice(1)).toEqual(["info history written again"]);
      files.handle({ kind: "close" });
    } finally {
      spawnSync("umount", ["-l", folder]);
    }
  });
});

/** From a process of its own, which leaves no file open here. */
function alter(path: string, change: string): void {
  const program = `new (require("bun:sqlite").Database)(${JSON.stringify(path)}).run(${JSON.stringify(change)})`;
  expect(spawnSync(process.execPath, ["-e", program]).status).toBe(0);
}

function mount(folder: string, ...words: string[]): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync("mount", [...words, folder]).status === 0;
}

function needsRoot(): void {
  console.log("not tested: it takes the right to mount, which root has");
}
