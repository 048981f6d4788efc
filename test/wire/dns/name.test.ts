import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  copyLower,
  hashName,
  isHostName,
  isWithin,
  labelCount,
  nameEnd,
  nameLength,
  nameProblem,
  nameText,
  parentAt,
  parseName,
  sameName,
} from "../../../src/wire/dns/mod.ts";
import { concat, latin1 } from "../support.ts";
import { anyName, labelsOf, wireOf } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 200);

describe("a name as text", () => {
  test.each([
    ["home.arpa", ["home", "arpa"], "home.arpa"],
    ["Home.ARPA.", ["Home", "ARPA"], "Home.ARPA"],
    [".", [], "."],
    ["_dns.resolver.arpa", ["_dns", "resolver", "arpa"], "_dns.resolver.arpa"],
    ["*.a", ["*", "a"], "*.a"],
    ["a\\.b.c", ["a.b", "c"], "a\\.b.c"],
    ["a\\046b", ["a.b"], "a\\.b"],
    ["My\\032printer.local", ["My printer", "local"], "My\\032printer.local"],
    ["\\255\\000\\\\", ["\xff\0\\"], "\\255\\000\\\\"],
    ['\\;\\(\\)\\@\\$\\"', [';()@$"'], '\\;\\(\\)\\@\\$\\"'],
    ["a'b!", ["a'b!"], "a'b!"],
    [`${"a".repeat(63)}.b`, ["a".repeat(63), "b"], `${"a".repeat(63)}.b`],
  ])("%s", (text, labels, back) => {
    const name = parseName(text)!;
    expect(labelsOf(name)).toEqual(labels);
    expect(nameText(name)).toBe(back);
    expect(nameProblem(text)).toBeUndefined();
  });

  test.each([
    ["", "is empty"],
    ["a..b", "empty label"],
    [".a", "empty label"],
    ["..", "empty label"],
    ["a".repeat(64), "label of more than 63"],
    [`${"a".repeat(63)}\\046`, "label of more than 63"],
    [`${"abcdefg.".repeat(32)}`, "more than 255"],
    ["\\", "backslash"],
    ["a\\25", "backslash"],
    ["a\\256", "backslash"],
    ["a\\2x5", "backslash"],
    ["a b", "blank"],
    ["a\tb", "blank"],
    ["b\u00fccher.example", "xn--"],
    ["\u{1f600}", "xn--"],
    ["x".repeat(2000), "more than 255"],
  ])("%s is none", (text, problem) => {
    expect(parseName(text)).toBeUndefined();
    expect(nameProblem(text)).toContain(problem);
  });

  test("has 255 bytes at most", () => {
    const longest = `${"abcdefg.".repeat(31)}abcde`;
    expect(parseName(longest)!.length).toBe(255);
    expect(parseName(`${longest}.`)!.length).toBe(255);
    expect(nameProblem(`${longest}f`)).toContain("more than 255");
    expect(nameProblem(`${"a.".repeat(127)}`)).toBeUndefined();
    expect(nameProblem(`${"a.".repeat(128)}`)).toContain("more than 255");
  });

  test("comes back from its bytes, whatever they are", () => {
    fc.assert(
      fc.property(anyName, (labels) => {
        const wire = wireOf(labels);
        const text = nameText(wire);
        expect(text).toMatch(/^[!-~]+$/);
        expect(parseName(text)!).toEqual(wire);
        expect(parseName(`${text === "." ? "" : text}.`)!).toEqual(wire);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("a name on the wire", () => {
  test("ends where its root is", () => {
    const bytes = concat(latin1("xx"), wireOf(["www", "a"]), latin1("rest"));
    expect(nameEnd(bytes, 2, bytes.length)).toBe(9);
    expect(nameLength(bytes, 2)).toBe(7);
    expect(labelCount(bytes, 2)).toBe(2);
    for (let to = 2; to < 9; to++) expect(nameEnd(bytes, 2, to)).toBe(-1);
  });

  test.each([
    ["a label of 64 bytes", concat(Uint8Array.of(64), new Uint8Array(64).fill(97), Uint8Array.of(0))],
    ["a pointer", Uint8Array.of(0xc0, 0, 0)],
    ["an extended label", Uint8Array.of(0x41, 1, 1, 0)],
    [
      "256 bytes",
      concat(...Array.from({ length: 3 }, () => wireOf(["x".repeat(63)]).subarray(0, 64)), wireOf(["x".repeat(62)])),
    ],
  ])("with %s is none", (_, bytes) => {
    expect(nameEnd(bytes, 0, bytes.length)).toBe(-1);
  });

  test("has a parent until the root", () => {
    const bytes = wireOf(["www", "home", "arpa"]);
    const all = [];
    for (let at = 0; at >= 0; at = parentAt(bytes, at)) all.push(nameText(bytes, at));
    expect(all).toEqual(["www.home.arpa", "home.arpa", "arpa", "."]);
  });

  test.each([
    ["a.b", "b", true],
    ["a.b", "A.B", true],
    ["a.b", ".", true],
    ["b", "a.b", false],
    ["ab", "b", false],
    ["a\\.b", "b", false],
    ["x.ab", "b", false],
  ])("%s is within %s: %p", (name, zone, expected) => {
    expect(isWithin(parseName(name)!, 0, parseName(zone)!, 0)).toBe(expected);
  });

  test("is the same in any case of ASCII letters, and hashes alike; letters only", () => {
    const swapped = (text: string) =>
      text.replace(/[a-z]/gi, (one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase()));
    fc.assert(
      fc.property(anyName, anyName, fc.integer(), (labels, others, seed) => {
        const [name, other] = [wireOf(labels), wireOf(others)];
        const turned = wireOf(labels.map(swapped));
        expect(sameName(name, 0, turned, 0)).toBe(true);
        expect(hashName(name, 0, seed)).toBe(hashName(turned, 0, seed));
        const lower = (list: readonly string[]) =>
          list.map((label) => label.replace(/[A-Z]/g, (one) => one.toLowerCase())).join("\n");
        expect(sameName(name, 0, other, 0)).toBe(labels.length === others.length && lower(labels) === lower(others));
        const copy = new Uint8Array(255);
        expect(copyLower(turned, 0, copy, 0)).toBe(name.length);
        expect(labelsOf(copy).join("\n")).toBe(lower(labels));
      }),
      { numRuns: RUNS },
    );
    expect(sameName(latin1("\x01[\0"), 0, latin1("\x01{\0"), 0)).toBe(false);
  });

  test("hashes differ for other seeds and for other cuts of the same letters", () => {
    const name = wireOf(["ab", "c"]);
    expect(hashName(name, 0, 1)).not.toBe(hashName(name, 0, 2));
    expect(hashName(name, 0, 1)).not.toBe(hashName(wireOf(["a", "bc"]), 0, 1));
  });

  test.each([
    ["example.com", true],
    ["xn--a-0.example", true],
    ["_sip._tcp.a", true],
    ["localhost", true],
    ["-a.b", false],
    ["a-.b", false],
    ["a.b-", false],
    ["*.a", false],
    ["a\\032b", false],
    ["a\\.b", false],
    [".", false],
  ])("%s may be a host's: %p", (text, expected) => {
    expect(isHostName(parseName(text)!, 0)).toBe(expected);
  });
});
