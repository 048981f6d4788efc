/** Lists in memory: sized by their files, built while others work, grown when they must. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeLists } from "../../../bench/dns-list-names.ts";
import { BlockDecision, BlockLists, RuleIndex, Verdict } from "../../../src/dns/blocking/mod.ts";
import { PageReader } from "../../../src/dns/pages/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-block-lists-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, list: 0 };
}

function verdictOf(memory: SharedArrayBuffer, name: string): number {
  return new BlockDecision(new PageReader(memory), new RuleIndex([], 0)).decide(parseName(name)!, 0, 1, 1);
}

test("a refresh in slices lets others work, and a change during it is not lost", async () => {
  const { paths } = writeLists(folder, 5000);
  const lists = new BlockLists({ sliceMs: 0 });
  const files = paths.map((path, list) => ({ path, list }));
  const { memory } = lists.buildNow(files);
  let turns = 0;
  const count = setInterval(() => {
    turns += 1;
    if (turns === 2) lists.change({ name: "own.example", flags: 1, add: 1, remove: 0 });
  }, 0);
  const built = await lists.build(files);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
  expect(built.memory).toBe(memory);
  expect(verdictOf(memory, "x.own.example")).toBe(Verdict.blocked);
  expect(lists.countNames()).toBe(5001);
  expect(built.summaries.map(({ invalid }) => invalid)).toEqual([0, 0, 0]);
});

test("memory grows with the lists, up to its limit", () => {
  const lists = new BlockLists({ maxBytes: (3 << 19) + 1 });
  const few = lists.buildNow([write("few.txt", "a.example\n")]);
  const random = (index: number) => Math.imul(index, 0x9e3779b1) >>> 0;
  const names = (count: number) =>
    Array.from({ length: count }, (_, index) => `n${random(index)}.example${random(index + 7) % 977}.net`);
  const many = lists.buildNow([write("many.txt", names(80_000).join("\n"))]);
  expect(many.memory.byteLength).toBeGreaterThan(few.memory.byteLength);
  expect(verdictOf(many.memory, names(80_000).at(-1)!)).toBe(Verdict.blocked);
  expect(() => lists.buildNow([write("more.txt", names(140_000).join("\n"))])).toThrow(
    "The memory for block lists is full",
  );
});

test("rules without names can be changed before any list is there", () => {
  const lists = new BlockLists();
  lists.change({ name: "a.example", flags: 1, add: 1, remove: 0 });
  expect(lists.countNames()).toBe(1);
});

test("of rules with patterns only so many are kept", () => {
  const text = Array.from({ length: 10_003 }, (_, each) => `||x${each}.example^$dnstype=A`).join("\n");
  const { rules, refusedRules } = new BlockLists().buildNow([write("rules.txt", text)]);
  expect([rules.length, refusedRules]).toEqual([10_000, 3]);
});
