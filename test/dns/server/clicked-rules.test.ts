import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALLOW, IMPORTANT, SUBTREE } from "../../../src/dns/list-format/mod.ts";
import { RulesFile } from "../../../src/dns/server/clicked-rules.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-rules-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const DAY = "2026-11-30";
const text = () => readFileSync(join(folder, "dns-rules.txt"), "utf8");

describe("the file of rules that the page made", () => {
  test("has a line a rule; an action on the same name replaces the one before", async () => {
    const file = new RulesFile(folder);
    await file.open();
    expect(await file.set("ads.example", "block", DAY)).toEqual([
      { name: "ads.example", flags: SUBTREE | IMPORTANT, add: 1, remove: 0 },
    ]);
    await file.set("good.example", "allow", DAY);
    expect(await file.set("ads.example", "allow", DAY)).toEqual([
      { name: "ads.example", flags: SUBTREE | IMPORTANT, add: 0, remove: 1 },
      { name: "ads.example", flags: SUBTREE | IMPORTANT | ALLOW, add: 1, remove: 0 },
    ]);
    expect(text().split("\n").slice(1)).toEqual([
      `@@||good.example^$important # ${DAY}`,
      `@@||ads.example^$important # ${DAY}`,
      "",
    ]);
    expect(await file.set("ads.example", "remove", DAY)).toEqual([
      { name: "ads.example", flags: SUBTREE | IMPORTANT | ALLOW, add: 0, remove: 1 },
    ]);
    expect(await file.rules()).toEqual([{ name: "good.example", action: "allow", since: DAY }]);
  });

  test("keeps lines of others, also those that were written meanwhile", async () => {
    const file = new RulesFile(folder);
    await file.open();
    writeFileSync(file.path, "! mine\n||x.example^$dnstype=A\n||y.example^$important # by hand\n\n");
    await new RulesFile(folder).open();
    await file.set("ads.example", "block", DAY);
    expect(text()).toBe(
      `! mine\n||x.example^$dnstype=A\n||y.example^$important # by hand\n||ads.example^$important # ${DAY}\n`,
    );
    expect(await file.rules()).toEqual([
      { name: "y.example", action: "block", since: null },
      { name: "ads.example", action: "block", since: DAY },
    ]);
  });

  test("takes changes at once one after the other", async () => {
    const file = new RulesFile(folder);
    await file.open();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}.example`);
    await Promise.all(names.map((name) => file.set(name, "block", DAY)));
    expect((await file.rules()).map(({ name }) => name)).toEqual(names);
  });

  test("a rule without effect, a file that is too long, and one that cannot be written are errors", async () => {
    const file = new RulesFile(folder, { maxBytes: 200 });
    await file.open();
    await file.set("example", "allow", DAY);
    expect(file.set("ads.example", "block", DAY)).rejects.toThrow("example and all below it is allowed");
    expect(file.set("a".repeat(63), "block", DAY)).rejects.toThrow("more than 200 bytes");
    await file.set("example", "remove", DAY);
    await file.set("ads.example", "block", DAY);
    const missing = new RulesFile(join(folder, "dns-rules.txt"));
    expect(missing.open()).rejects.toThrow("Cannot change ");
    expect([await file.isReadable(), await missing.isReadable()]).toEqual([true, false]);
  });
});
