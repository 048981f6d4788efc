import { expect, test } from "bun:test";
import { SuffixTable } from "../../../src/dns/special/suffix-table.ts";
import { parseName, Query, readQuery } from "../../../src/wire/dns/mod.ts";

const query = new Query();

/** As a query that was read has the name, after one with more labels. */
function found(table: SuffixTable<string>, text: string): string | undefined {
  for (const name of ["a.b.c.d.e", text]) {
    const bytes = Buffer.concat([
      Uint8Array.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
      parseName(name)!,
      Uint8Array.of(0, 1, 0, 1),
    ]);
    readQuery(query, bytes, 0, bytes.length);
    if (name === text) return table.find(query, bytes);
  }
  return undefined;
}

test("a name has the value of the longest name that it is, or is below, in any case", () => {
  const table = new SuffixTable<string>();
  const entries = [
    ["lan", true],
    ["home.arpa", true],
    ["a.home.arpa", true],
    ["mask.icloud.com", false],
  ] as const;
  for (const [name, isZone] of entries) table.set(parseName(name)!, name, isZone);
  const expected: Readonly<Record<string, string | undefined>> = {
    lan: "lan",
    "x.y.LAN": "lan",
    "home.arpa": "home.arpa",
    "b.Home.Arpa": "home.arpa",
    "x.a.home.arpa": "a.home.arpa",
    "mask.icloud.com": "mask.icloud.com",
    "x.mask.icloud.com": undefined,
    "icloud.com": undefined,
    com: undefined,
    arpa: undefined,
    "www.example.org": undefined,
    ".": undefined,
  };
  for (const [name, value] of Object.entries(expected)) expect([name, found(table, name)]).toEqual([name, value]);
  table.set(parseName(".")!, "root", true);
  expect(["www.example.org", ".", "com", "x.lan"].map((name) => found(table, name))).toEqual([
    "root",
    "root",
    "root",
    "lan",
  ]);
});
