import { expect, test } from "bun:test";
import fc from "fast-check";
import { subtract, writeUtf8 } from "../../../src/load/message/characters.ts";
import { compileRegex, randomBytes, writeRandomText } from "../../../src/load/message/regex.ts";

const textOf = (regex: string, random: () => number) =>
  new TextDecoder().decode(randomBytes(compileRegex(regex), random));

/** Regexes of every kind that compileRegex accepts, a few levels deep. */
const regexes: fc.Arbitrary<string> = fc.letrec<{ choice: string; sequence: string; repeated: string; piece: string }>(
  (tie) => ({
    choice: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((items) => items.join("|")),
    sequence: fc.array(tie("repeated"), { minLength: 1, maxLength: 4 }).map((items) => items.join("")),
    repeated: fc
      .tuple(tie("piece"), fc.constantFrom("", "", "?", "*", "+", "{2}", "{0}", "{1,3}", "{2,}"))
      .map((it) => it.join("")),
    piece: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("a", "Z", "7", " ", "-", "]", "é", "漢", ".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S"),
      fc.constantFrom("\\.", "\\\\", "\\[", "\\}", "\\n", "\\r", "\\t", "\\0", "\\x41", "\\u00e9", "\\-", '"', "%"),
      fc.constantFrom(
        "[a-z]",
        "[^a-z]",
        "[\\]-]",
        "[-a]",
        "[a-]",
        "[\\d-x]",
        "[^\\w\\s]",
        "[\\b\\n]",
        "[é-ü漢]",
        "[.?*+{}()|^$]",
      ),
      tie("choice").map((it) => `(${it})`),
      tie("choice").map((it) => `(?:${it})`),
    ),
  }),
).choice;

test("generated text always matches the regex it was made from, and its length is within the bounds", () => {
  fc.assert(
    fc.property(
      regexes,
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (regex, choices) => {
        const node = compileRegex(regex, { maxBytes: 1e9 });
        fc.pre(node.maxBytes < 10_000);
        const bytes = randomBytes(node, () => choices.next().value as number);
        expect(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)).toMatch(
          new RegExp(`^(?:${regex})$`),
        );
        expect(bytes.length).toBeGreaterThanOrEqual(node.minBytes);
        expect(bytes.length).toBeLessThanOrEqual(node.maxBytes);
      },
    ),
    { numRuns: 500 },
  );
});

test("the lowest and the highest choices make the texts one expects", () => {
  const table: [string, string, string][] = [
    ["[a-z0-9]{2}", "00", "zz"],
    ["ab?c", "ac", "abc"],
    ["x*", "", "x".repeat(16)],
    ["x+", "x", "x".repeat(16)],
    ["x{20,}", "x".repeat(20), "x".repeat(20)],
    ["one|two|three", "one", "three"],
    ["(a|b){2}!", "aa!", "bb!"],
    ["[^\\x20-\\x7d]", "~", "~"],
    ["a|", "a", ""],
    [".", " ", "~"],
    ["😀[😀-😂]+", "😀😀", `😀${"😂".repeat(16)}`],
  ];
  for (const [regex, lowest, highest] of table) {
    const got = [textOf(regex, () => 0), textOf(regex, () => 1 - 2 ** -53)];
    expect({ regex, got }).toEqual({ regex, got: [lowest, highest] });
  }
});

test("unbounded repetitions stop at the given cap", () => {
  expect(compileRegex("a*b+", { maxRepeats: 5 })).toMatchObject({ minBytes: 1, maxBytes: 10 });
});

test("a regex that would make too long a text or too many steps is refused", () => {
  expect(() => compileRegex("(a{1000}){1000}")).toThrow("could make 1000000 bytes, at most 65536 are allowed");
  expect(() => compileRegex("(){99999999}")).toThrow("at most 65536");
  expect(() => compileRegex(`a{${"9".repeat(400)}}`)).toThrow("at most 65536");
  expect(() => compileRegex("(".repeat(100))).toThrow("nested deeper than 64");
});

test("what cannot be read is refused with its place and what was expected", () => {
  const table: [string, string][] = [
    ["", "expected a regex, found the end of the text"],
    ["(ab", 'column 1: the group is not closed: expected ")", found the end'],
    ["ab)", 'column 3: a ")" closes no group'],
    ["[ab", 'column 1: the character class is not closed: expected "]"'],
    ["[a-", 'the character class is not closed: expected "]"'],
    ["[]", "the class holds no character"],
    ["[^ -~]", "the class leaves no printable ASCII character"],
    ["[z-a]", "column 2: the range counts down"],
    ["a{3,1}", "column 2: {3,1} counts down"],
    ["*a", 'column 1: expected something to repeat where "*" stands'],
    ["a{x}", "a count such as {1,5}"],
    ["a+?", "column 3: a repetition cannot be repeated"],
    ["^a", '"^" matches a place and makes no text'],
    ["\\ba", "a word boundary \\b makes no text of its own"],
    ["(a)\\1", "column 4: a back reference \\1"],
    ["(?=a)", "expected a plain group"],
    ["\\q", "unknown escape \\q"],
    ["\\x4", "unknown escape \\x"],
    ["a\\", "column 2: a backslash at the end escapes nothing"],
    ["a}", 'column 2: a "}" ends no repetition'],
  ];
  for (const [regex, message] of table) expect(() => compileRegex(regex)).toThrow(message);
});

test("random characters are read as a regex or refused as a usage error, never otherwise", () => {
  const characters = fc.constantFrom(..."ab-^$.|?*+(){}[]\\\\,0129xudw 漢");
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 25 }), (parts) => {
      try {
        expect(compileRegex(parts.join("")).maxBytes).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }),
    { numRuns: 1000 },
  );
});

test("text is written behind what is there and the end is returned", () => {
  const into = new Uint8Array([9, 9, 9, 9, 9]);
  expect(writeRandomText(compileRegex("é"), into, 1, () => 0)).toBe(3);
  expect([...into]).toEqual([9, 0xc3, 0xa9, 9, 9]);
});

test("every code point is written as UTF-8", () => {
  for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff]) {
    const into = new Uint8Array(4);
    const end = writeUtf8(into, 0, point);
    expect([...into.subarray(0, end)]).toEqual([...Buffer.from(String.fromCodePoint(point))]);
  }
});

test("characters taken out of a range leave what is below and above", () => {
  expect(subtract([[1, 9]], [[3, 4], [6, 20]])).toEqual([[1, 2], [5, 5]]); // biome-ignore format: a table
  expect(subtract([[1, 9]], [[0, 9]])).toEqual([]);
});
