import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlockLists, Verdict } from "../../../src/dns/blocking/mod.ts";
import { ListBlocker } from "../../../src/dns/listeners/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-blocker-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LIST = [
  ...["||ADS.example^", "0.0.0.0 Tracker.example", "dotted.example.", "||bücher.example^", "||xn--mnchen-3ya.example^"],
  ...["my_ads.example", "_track.example", "/^promo[0-9]+\\./"],
];

function blockerOf(lines: readonly string[]) {
  const path = join(folder, "list.txt");
  writeFileSync(path, lines.join("\n"));
  const { memory, seed, rules } = new BlockLists({ seed: 7 }).buildNow([{ path, list: 0 }]);
  return new ListBlocker({ pages: memory, seed, rules, lists: 1 }, undefined);
}

test("rules stay where settings come without them, and are replaced by others", () => {
  const blocks = (blocker: ListBlocker, name: string) =>
    blocker.decide(parseName(name)!, 0, 1, ASKER) === Verdict.blocked;
  const path = join(folder, "rules.txt");
  writeFileSync(path, "/^promo[0-9]+\\./\n||mine.example^$client=10.0.0.7");
  const { memory: pages, seed, rules } = new BlockLists({ seed: 7 }).buildNow([{ path, list: 0 }]);
  const first = new ListBlocker({ pages, seed, rules, lists: 1 }, undefined);
  const next = new ListBlocker({ pages, seed, rules: undefined, lists: 1 }, undefined, first);
  expect([first, next].map((each) => blocks(each, "promo7.example"))).toEqual([true, true]);
  const ip = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 7);
  expect(next.decide(parseName("mine.example")!, 0, 1, { ...ASKER, ip })).toBe(Verdict.blocked);
  expect(blocks(next, "mine.example")).toBe(false);
  expect(blocks(new ListBlocker({ pages, seed, rules: [], lists: 1 }, undefined, next), "promo7.example")).toBe(false);
});

const ASKER = { ip: new Uint8Array(16), isDatagram: true, nowMs: 0 };

test.each([
  ["ads.example", true],
  ["aDs.EXAMPLE", true],
  ["x.y.ads.example", true],
  ["TRACKER.EXAMPLE", true],
  ["dotted.example", true],
  ["XN--BCHER-KVA.example", true],
  ["www.xn--mnchen-3ya.example", true],
  ["MY_ADS.example", true],
  ["_TRACK.example", true],
  ["PROMO7.shop.example", true],
  ["notads.example", false],
  ["ads.example.org", false],
  ["xn--ads-.example", false],
  // One label with a dot in it, which is another name.
  ["x\\.ads.example", false],
])("no spelling evades a list: %s: %p", (name, isBlocked) => {
  const verdict = blockerOf(LIST).decide(parseName(name)!, 0, 1, ASKER);
  expect(verdict === Verdict.blocked).toBe(isBlocked);
});
