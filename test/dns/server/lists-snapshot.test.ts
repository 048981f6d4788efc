/** A start takes over the lists as the last one has built them, if nothing has changed since. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlockDecision, RuleIndex, Verdict } from "../../../src/dns/blocking/mod.ts";
import { PageReader } from "../../../src/dns/pages/mod.ts";
import { BlockListSet } from "../../../src/dns/server/block-list-set.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { keptLog } from "../../app/admin/support.ts";
import { until } from "../../net/support.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-snapshot-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "ads.txt"), "ads.example\ntracker.example\n||off.example^\n||off.example^$badfilter\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const snapshot = () => join(folder, "data", "dns", "lists.snapshot");

let changes = 0;

async function opened(work: (set: BlockListSet, blocked: (name: string) => boolean) => Promise<void> | void) {
  const set = await BlockListSet.open({
    dataFolder: join(folder, "data"),
    sources: {
      ...{
        blocklists: ["./ads.txt"],
        allowlists: [],
        clientLists: [],
        rules: ["/^promo[0-9]+\\./", "||own.example^$dnsrewrite=1.2.3.4"],
      },
      ...{ folder, refreshMs: 86_400_000, maxListBytes: 1 << 20 },
    },
    maxBytes: 1 << 24,
    lookup: async () => [],
    log: keptLog(),
    changed: () => {
      changes += 1;
    },
  });
  const blocked = (name: string) => {
    const { memory, rules, seed } = set.built;
    const decision = new BlockDecision(new PageReader(memory), new RuleIndex(rules, seed));
    return decision.decide(parseName(name)!, 0, 1, set.maskOf(undefined)) === Verdict.blocked;
  };
  try {
    await work(set, blocked);
  } finally {
    await set.stop();
  }
}

/** What the file is, and when it was written. */
const written = () => statSync(snapshot(), { throwIfNoEntry: false })?.mtimeMs;

async function first(): Promise<number> {
  await opened(() => until(() => written() !== undefined));
  return written()!;
}

test("the second start has the lists, rules and counts of the first, and writes nothing", async () => {
  const before = await first();
  await opened((set, blocked) => {
    expect(["ads.example", "tracker.example", "promo7.example", "off.example", "www.example"].map(blocked)).toEqual([
      ...[true, true, true, false, false],
    ]);
    expect(set.names).toBe(2);
    expect(set.views()).toMatchObject([{ name: "./ads.txt", names: 3 }]);
    expect(set.built.rules).toHaveLength(2);
  });
  expect(written()).toBe(before);
  expect(statSync(snapshot()).mode & 0o777).toBe(0o600);
});

test("files are read again only if one has changed", async () => {
  await opened(async (set, blocked) => {
    const before = changes;
    await set.reread();
    expect(changes).toBe(before);
    writeFileSync(join(folder, "ads.txt"), "other.example\n");
    await set.reread();
    expect([changes - before, blocked("other.example")]).toEqual([1, true]);
  });
});

test("lists that changed meanwhile are built", async () => {
  await first();
  writeFileSync(join(folder, "ads.txt"), "other.example\n");
  await opened((_, blocked) => {
    expect(["ads.example", "other.example"].map(blocked)).toEqual([false, true]);
  });
});

test.each([
  ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
  ["empty", () => Buffer.alloc(0)],
  [
    "changed by a bit",
    (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 99 ? byte ^ 4 : byte))),
  ],
])("a snapshot that is %s is not used", async (_, broken) => {
  await first();
  writeFileSync(snapshot(), broken(readFileSync(snapshot())));
  await opened((set, blocked) => {
    expect(["ads.example", "off.example"].map(blocked)).toEqual([true, false]);
    expect(set.names).toBe(2);
  });
});

test("what is clicked after such a start leaves switched off what other rules switch off", async () => {
  await first();
  await opened(async (set, blocked) => {
    await set.click("clicked.example", "block");
    expect(["clicked.example", "ads.example", "off.example"].map(blocked)).toEqual([true, true, false]);
    await set.click("ads.example", "allow");
    expect(["clicked.example", "ads.example", "off.example"].map(blocked)).toEqual([true, false, false]);
  });
});
