import { expect, test } from "bun:test";
import { hostRecords, localName, parseRecord } from "../../../src/dns/local/mod.ts";
import { nameText, rdataText } from "../../../src/wire/dns/mod.ts";

const OPTIONS = { domain: "home.arpa", ttlSeconds: 60 };

test.each([
  ["nas", "nas.home.arpa"],
  ["NAS", "nas.home.arpa"],
  ["*.dev", "*.dev.home.arpa"],
  ["*", "*.home.arpa"],
  ["nas.example.org", "nas.example.org"],
  ["*.apps.example.org", "*.apps.example.org"],
  ["dev.", "dev"],
  ["*.dev.", "*.dev"],
])("the name %s is %s", (text, expected) => {
  expect(nameText(localName(text, OPTIONS.domain))).toBe(expected);
});

test.each(["a..b", "x".repeat(64), ""])("the name %j is none", (text) => {
  expect(() => localName(text, OPTIONS.domain)).toThrow("Cannot use");
});

test.each([
  ["files CNAME nas.home.arpa", "files.home.arpa 60 5 nas.home.arpa."],
  ["*.dev 30 IN A 192.0.2.9", "*.dev.home.arpa 30 1 192.0.2.9"],
  ["home.arpa MX 10 nas.home.arpa", "home.arpa 60 15 10 nas.home.arpa."],
  ['t txt "a b" c', 't.home.arpa 60 16 "a b" "c"'],
  ["t TYPE65280 \\# 2 abcd", "t.home.arpa 60 65280 \\# 2 abcd"],
])("the record %s is %s", (text, expected) => {
  const { name, type, ttlSeconds, data } = parseRecord(text, OPTIONS);
  expect(`${nameText(name)} ${ttlSeconds} ${type} ${rdataText(type, 1, data, 0, 0, data.length)}`).toBe(expected);
});

test.each([
  ["nas", "expected a name, a type and its data"],
  ["nas FOO 1", "FOO is no type of record"],
  ["nas A 1.2.3", "1.2.3"],
])("the record %s is refused: %s", (text, why) => {
  expect(() => parseRecord(text, OPTIONS)).toThrow(why);
});

test("addresses of a host are records by their family", () => {
  expect(hostRecords("nas", ["192.0.2.5", "fd00::5"], OPTIONS).map(({ type }) => type)).toEqual([1, 28]);
  expect(() => hostRecords("nas", ["router"], OPTIONS)).toThrow("expected an address");
});
