import { expect, test } from "bun:test";
import fc from "fast-check";
import { subtract, writeUtf8 } from "../../../src/load/message/characters.ts";
import { compileRegex, randomBytes, writeRandomText } from "../../../src/load/message/regex.ts";

const textOf = (regex: string, random: () => number) =>
  new TextDecoder().decode(randomBytes(compileRegex(regex), random));

const characters = ["a", "Z", "7", " ", "-", "]", "é", "漢", '"', "%"];
const escapes = ["\\.", "\\\\", "\\[", "\\}", "\\n", "\\r", "\\t", "\\f", "\\v", "\\x00", "\\u00e9", "\\-"];
const sets = [".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[a-z]", "[^a-z]", "[\\]-]", "[-a]", "[a-]", "[\\d-x]"];
const classes = ["[^\\w\\s]", "[\\b\\n]", "[é-ü漢]", "[.?*+{}()|^$]", "[a-\\d]", "[\\x41-\\x43]"];
const repetitions = fc.constantFrom("", "", "", "?", "*", "+", "{2}", "{0}", "{1,3}", "{2,}");

/** Regexes of every kind that compileRegex accepts, up to three groups deep. */
function regexes(depth: number): fc.Arbitrary<string> {
  const leaf = fc.constantFrom(...characters, ...escapes, ...sets, ...classes);
  const group = fc.tuple(fc.constantFrom("(", "(?:"), depth === 0 ? leaf : regexes(depth - 1));
  const piece = fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: group.map((it) => `${it.join("")})`) },
  );
  const repeated = fc.tuple(piece, repetitions).map((it) => it.join(""));
  const sequence = fc.array(repeated, { minLength: 1, maxLength: 3 }).map((it) => it.join(""));
  return fc.array(sequence, { minLength: 1, maxLength: 2 }).map((it) => it.join("|"));
}

test("generated text always matches the regex it was made from, and its length is within the bounds", () => {
  const choices = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
  fc.assert(
    fc.property(regexes(2), choices, (regex, stream) => {
      // Short texts only: a backtracking oracle takes exponential time on nested repetitions.
      const node = compileRegex(regex, { maxRepeats: 2 });
      fc.pre(node.maxBytes <= 20);
      const bytes = randomBytes(node, () => stream.next().value as number);
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      expect(text).toMatch(new RegExp(`^(?:${regex})$`));
      expect(bytes.length).toBeGreaterThanOrEqual(node.minBytes);
    }),
    { numRuns: 500 },
  );
});

test("the regexes that load tests use make long texts that match", () => {
  const table = [
    "[a-z0-9]{1,300}",
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    '\\{"user":"\\w{3,20}","ok":(true|false)\\}',
    "(GET|HEAD) /[a-z]+(/[a-z]+)*\\.(html?|png) HTTP/1\\.[01]",
    "[^\\n]*",
  ];
  for (const regex of table) {
    const node = compileRegex(regex);
    for (let round = 0; round < 50; round++) {
      expect(new TextDecoder().decode(randomBytes(node, Math.random))).toMatch(new RegExp(`^(?:${regex})$`));
    }
  }
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
    ["[\\07]", "column 2: \\0 before a digit"],
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
