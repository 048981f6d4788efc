import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { CacheFile } from "../../../src/dns/server/cache-file.ts";
import { keptLog } from "../../app/admin/support.ts";
import { until } from "../../net/support.ts";
import { answer, query } from "../answers/questions.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { withBox } from "./support.ts";

const NOW = Math.floor(Date.now() / 1000);
const out = new Uint8Array(512);
let folder: string;
let path: string;
let log: ReturnType<typeof keptLog>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-dns-cache-"));
  path = join(folder, "dns-cache");
  log = keptLog();
});
afterEach(() => rmSync(folder, { recursive: true }));

function newCache(): AnswerWriter {
  return new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 });
}

function fileOf(
  answers: AnswerWriter,
  options: { scope?: string; isKept?: boolean; everyMs?: number; maxBytesPerDay?: number } = {},
) {
  const { scope = "", isKept = true, ...others } = options;
  return new CacheFile({ path, log, cache: () => ({ answers, staleSeconds: 1000, scope, isKept }), ...others });
}

/** Length of the answer that a cache has for a name; 0 = none. */
function find(cache: AnswerWriter, name: string): number {
  return cache.find(query(name), 0, name.length + 2, 0, NOW, out, 0, 512);
}

/** Writes a file with an answer for `www.example`. */
async function written(scope = ""): Promise<void> {
  const cache = newCache();
  const file = fileOf(cache, { scope });
  await file.start();
  cache.put(answer("www.example", 300, 5), NOW);
  await file.stop();
}

async function loaded(scope = ""): Promise<AnswerWriter> {
  const cache = newCache();
  const file = fileOf(cache, { scope });
  await file.start();
  await file.stop();
  return cache;
}

describe("the file of the cache", () => {
  test("is written at the stop for its owner alone, and read at the start", async () => {
    await written();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(find(await loaded(), "www.example")).toBeGreaterThan(0);
    expect(log.lines.join()).toContain("cache loaded");
  });

  test.each<[string, (file: Buffer) => Uint8Array]>([
    ["of which a byte has changed", (file) => file.fill(file.at(-9)! ^ 1, file.length - 9, file.length - 8)],
    ["that is cut", (file) => file.subarray(0, -1)],
    ["that ends in its header", (file) => file.subarray(0, 30)],
    ["that is empty", () => new Uint8Array(0)],
    ["of another version", (file) => file.fill("2", 17, 18)],
  ])("%s is ignored with one line in the log, and written anew", async (_, spoil) => {
    await written();
    writeFileSync(path, spoil(readFileSync(path)));
    expect((await loaded()).count).toBe(0);
    expect(log.lines.filter((line) => line.includes("cache file ignored"))).toHaveLength(1);
    await written();
    expect((await loaded()).count).toBe(1);
  });

  test("of other zones is ignored", async () => {
    await written("one");
    expect([(await loaded("two")).count, (await loaded("one")).count]).toEqual([0, 1]);
  });

  test("takes the place of no answer that came meanwhile, and nothing in it is newer than now", async () => {
    const old = newCache();
    const file = fileOf(old);
    await file.start();
    old.put(answer("www.example", 300, 5), NOW);
    old.put(answer("later.example", 300, 5), NOW + 5000);
    await file.stop();
    const cache = newCache();
    cache.put(answer("www.example", 300, 9, 20), NOW);
    await fileOf(cache).start();
    expect(find(cache, "www.example")).toBe(answer("www.example", 300, 9, 20).length);
    const storedAt: number[] = [];
    cache.each((_, at) => storedAt.push(at));
    expect(Math.max(...storedAt)).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  test("is not written where nothing has changed, or where it was not read", async () => {
    await written();
    const before = statSync(path).ino;
    await loaded();
    const unread = newCache();
    unread.put(answer("other.example", 300, 5), NOW);
    await fileOf(unread).stop();
    expect(statSync(path).ino).toBe(before);
  });

  test("is removed, and not written, where the cache is not to be kept", async () => {
    await written();
    const cache = newCache();
    const file = fileOf(cache, { isKept: false });
    await file.start();
    expect([existsSync(path), cache.count]).toEqual([false, 0]);
    cache.put(answer("www.example", 300, 5), NOW);
    await file.stop();
    expect(existsSync(path)).toBe(false);
  });

  test("is written from time to time, and less often than it would take more than a day may", async () => {
    const cache = newCache();
    const often = fileOf(cache, { everyMs: 10 });
    await often.start();
    cache.put(answer("www.example", 300, 5), NOW);
    await until(() => existsSync(path));
    await often.stop();
    const seldom = fileOf(cache, { everyMs: 1, maxBytesPerDay: 1 });
    await seldom.start();
    cache.put(answer("a.example", 300, 5), NOW);
    const first = statSync(path).ino;
    await until(() => statSync(path).ino !== first);
    const second = statSync(path).ino;
    cache.put(answer("b.example", 300, 5), NOW);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(statSync(path).ino).toBe(second);
    await seldom.stop();
  });

  test("that cannot be written or read is a line in the log", async () => {
    path = join(folder, "missing", "dns-cache");
    await written();
    expect(log.lines.join()).toContain("cache not written");
    path = folder;
    await loaded();
    expect(log.lines.join()).toContain("cache file ignored");
  });
});

test("a name server answers after a restart what it knew before, without an upstream", async () => {
  await using upstream = await FakeServer.open(({ bytes, reply }) =>
    reply(replyTo(bytes, { answer: [`${questionOf(bytes).text} 300 A 192.0.2.1`] })),
  );
  const text = `data: { folder: ${folder} }\ndns: { listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: ["${upstream.address}"] }\n`;
  for (let start = 0; start < 2; start++) {
    await withBox(text, async (box) => {
      if (start === 1) await until(() => box.log.lines.some((line) => line.includes("cache loaded")));
      expect(await box.ask("www.example")).toBe("NOERROR A 192.0.2.1");
    });
  }
  expect(upstream.count).toBe(1);
});
