import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConditions } from "../../../src/proxy/files/conditions.ts";
import { FileCache } from "../../../src/proxy/files/file-cache.ts";
import { FileRequest } from "../../../src/proxy/files/file-request.ts";
import { type FileResource, Folder } from "../../../src/proxy/files/folder.ts";
import { type OpenFile, OpenFiles } from "../../../src/proxy/files/open-files.ts";
import { inspect, noFileOf, type StoredFile } from "../../../src/proxy/files/stored-file.ts";
import { Turnstile } from "../../../src/proxy/files/turnstile.ts";
import { fieldLine, Head } from "../../../src/wire/http1/mod.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "tenk-bounds-")));
afterAll(() => rmSync(folder, { recursive: true }));

const SITE = { index: [], fallback: undefined, precompressed: false, cacheBytes: 1_000_000 };

async function stored(name: string): Promise<StoredFile> {
  writeFileSync(join(folder, name), name);
  return (await inspect(
    folder,
    join(folder, name),
    { maxKeptBytes: 0, dropNames: new Set() },
    undefined,
  )) as StoredFile;
}

describe("the cache of files", () => {
  test("keeps what was asked for when it is full, and drops the rest, oldest first", () => {
    const cache = new FileCache<string>(40_000);
    const isThere = (path: string) => cache.peek(path) !== undefined;
    for (const path of ["a", "b", "c"]) cache.put(path, path, 10_000, 0);
    cache.get("a", 0, 1);
    cache.put("d", "d", 10_000, 0);
    expect(["a", "b", "c", "d"].filter(isThere)).toEqual(["a", "c", "d"]);
    for (const path of ["e", "f", "g"]) cache.put(path, path, 10_000, 0);
    expect(["a", "e", "f", "g"].filter(isThere)).toEqual(["e", "f", "g"]);
    expect(cache.bytes).toBeLessThanOrEqual(40_000);
  });

  test("drops nothing for what is larger than it", () => {
    const cache = new FileCache<string>(40_000);
    cache.put("a", "a", 10_000, 0);
    cache.put("b", "b", 50_000, 0);
    expect([cache.peek("a"), cache.peek("b")]).toEqual(["a", undefined]);
  });

  test("counts what grows, what is replaced and what leaves", () => {
    const cache = new FileCache<string>(40_000);
    cache.put("a", "a", 10_000, 0);
    const before = cache.bytes;
    cache.grow("a", "a", 5000);
    cache.grow("a", "other", 5000);
    cache.grow("b", "b", 5000);
    expect(cache.bytes).toBe(before + 5000);
    cache.grow("a", "a", 50_000);
    expect([cache.peek("a"), cache.bytes]).toEqual([undefined, 0]);
    cache.put("a", "a", 10_000, 0);
    cache.put("a", "b", 10_000, 0);
    expect(cache.bytes).toBe(before);
    cache.remove("a");
    expect(cache.bytes).toBe(0);
  });

  test("believes what it has for so long only", () => {
    const cache = new FileCache<string>(40_000);
    cache.put("a", "a", 0, 1000);
    expect([cache.get("a", 1100, 100), cache.get("a", 1101, 100)]).toEqual(["a", undefined]);
  });
});

test("a turnstile runs so many at once, the others in their order, and turns away who is too many", async () => {
  const turnstile = new Turnstile(2, 2);
  const leave: (() => void)[] = [];
  const started: number[] = [];
  const runs = [0, 1, 2, 3, 4].map((each) =>
    turnstile.run(() => {
      started.push(each);
      return new Promise<number>((resolve) => leave.push(() => resolve(each)));
    }),
  );
  expect([await runs[4], started]).toEqual([undefined, [0, 1]]);
  for (let each = 0; each < 4; each++) {
    leave[each]!();
    expect(await runs[each]).toBe(each);
  }
  expect(started).toEqual([0, 1, 2, 3]);
  const failed = await turnstile.run(() => Promise.reject(new Error("x"))).catch((error: Error) => error.message);
  expect(failed).toBe("x");
  const both = [turnstile.run(async () => 1), turnstile.run(async () => 2)];
  expect(await Promise.all(both)).toEqual([1, 2]);
});

test.each([
  ["ENOENT", "missing"],
  ["ELOOP", "missing"],
  ["ENXIO", "missing"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["EMFILE", "busy"],
  ["ENFILE", "busy"],
  ["EIO", "broken"],
] as const)("%s means that a file is %s", (code, why) => {
  expect(noFileOf(Object.assign(new Error("on purpose"), { code }))).toBe(why);
});

describe("open files", () => {
  const open = (files: OpenFiles, file: StoredFile) =>
    new Promise<OpenFile | "busy" | "changed">((resolve) => files.open(file, resolve));

  test("are so many at most, of whatever file", async () => {
    const files = new OpenFiles(1);
    const [a, b] = [await stored("a"), await stored("b")];
    const [first, second, other] = await Promise.all([open(files, a), open(files, a), open(files, b)]);
    expect([first === second, other]).toEqual([true, "busy"]);
    files.giveBack(first as OpenFile);
    expect(await open(files, b)).toBe("busy");
    files.giveBack(second as OpenFile);
    const opened = await open(files, b);
    expect(typeof opened).toBe("object");
    files.giveBack(opened as OpenFile);
  });

  test("are those that were found: one that took the place is another", async () => {
    const files = new OpenFiles();
    const former = await stored("replaced");
    writeFileSync(join(folder, "new"), "replaced");
    renameSync(join(folder, "new"), join(folder, "replaced"));
    const descriptors = readdirSync("/proc/self/fd").length;
    expect(await open(files, former)).toBe("changed");
    expect(readdirSync("/proc/self/fd").length).toBe(descriptors);
  });

  test("wait for no writer of a pipe that took the place", async () => {
    const former = await stored("piped");
    rmSync(join(folder, "piped"));
    spawnSync("mkfifo", [join(folder, "piped")]);
    expect(await open(new OpenFiles(), former)).toBe("changed");
  });
});

test("a file that is another one whenever it is opened is given up after three times", async () => {
  writeFileSync(join(folder, "restless.bin"), randomBytes(1000));
  let opened = 0;
  const open = {
    open(_: StoredFile, done: (file: "changed") => void) {
      opened += 1;
      done("changed");
    },
  };
  const site = new Folder({ ...SITE, folder, cacheBytes: 0 }, false, new Set());
  const failed = await new Promise((resolve) => {
    const exchange = { isHead: false, fail: (...given: unknown[]) => resolve(given) };
    const conditions = readConditions(new Head(), new Uint8Array(0));
    const context = { folder: site, open: open as never, failed: () => {} };
    void new FileRequest(context, exchange as never, "/restless.bin", conditions, "").start();
  });
  expect([opened, failed]).toEqual([3, [503, undefined, fieldLine("Retry-After", "1")]]);
});

test("more paths than may wait to be looked up are busy", async () => {
  const site = new Folder({ ...SITE, folder }, false, new Set());
  const found = await Promise.all(Array.from({ length: 32 + 1024 + 3 }, (_, index) => site.find(`/none-${index}`)));
  expect(found.map((each) => each.type === "none" && each.why).slice(1055)).toEqual([
    "missing",
    "busy",
    "busy",
    "busy",
  ]);
});

test("what is compressed is kept in the same memory, so that others leave", async () => {
  const site = new Folder({ ...SITE, folder, cacheBytes: 40_000 }, true, new Set());
  for (let index = 0; index < 5; index++) {
    writeFileSync(join(folder, `random-${index}.txt`), randomBytes(2500).toString("hex"));
    await site.find(`/random-${index}.txt`);
  }
  const isKept = (index: number) => site.fresh(`/random-${index}.txt`, 0) !== undefined;
  expect([isKept(0), isKept(4)]).toEqual([true, true]);
  for (const index of [3, 4]) {
    const path = `/random-${index}.txt`;
    await site.inCoding(path, site.fresh(path, 0) as FileResource, "gzip");
  }
  expect([isKept(1), isKept(3), isKept(4)]).toEqual([false, true, true]);
});

test("who asks for a path that is being looked up gets the same answer, and without its folder every path is missing", async () => {
  const site = new Folder({ ...SITE, folder }, false, new Set());
  await stored("same");
  const [one, other] = await Promise.all([site.find("/same"), site.find("/same")]);
  expect(one).toBe(other);
  expect(site.fresh("/same", performance.now())).toBe(one);
  expect(await site.find("/same")).toBe(one);
  const gone = new Folder({ ...SITE, folder: join(folder, "gone") }, false, new Set());
  expect(await gone.find("/same")).toEqual({ type: "none", why: "missing" });
});
