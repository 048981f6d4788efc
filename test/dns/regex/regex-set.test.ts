/** Regular expressions in linear time. `TENK_RUNS=100000` compares more random ones with the runtime's. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegexError, RegexSet, type RegexSetOptions } from "../../../src/dns/regex/mod.ts";

function matching(set: RegexSet, name: string): number[] {
  set.begin();
  for (const char of name) set.step(char.charCodeAt(0));
  const count = set.end();
  return [...set.matched.subarray(0, count)].sort((one, other) => one - other);
}

function matches(source: string, name: string, options: RegexSetOptions = {}): boolean {
  const set = new RegexSet(options);
  return !set.add(source, 0) || matching(set, name).length > 0;
}

describe("an expression", () => {
  test.each([
    ["^ad[0-9]+\\.", "ad12.example.com", true],
    ["^ad[0-9]+\\.", "bad12.example.com", false],
    ["(^|\\.)ads?\\.", "x.ads.example", true],
    ["example\\.com$", "www.example.com", true],
    ["example\\.com$", "example.com.evil", false],
    ["^[a-z]{3,5}\\d{2}\\.", "abcd42.example", true],
    ["^[a-z]{3,5}\\d{2}\\.", "abcdef42.example", false],
    ["^(?:cdn|img)-?\\d*\\.(foo|bar)\\.", "cdn-7.bar.net", true],
    ["[[:digit:]]{3}\\.[^.]+\\.io$", "a123.x.io", true],
    ["ADS[A-F]x", "adsbx", true],
    ["^.{4}\\.net$", "ab.c.net", true],
    ["a\\x2eb", "a.b", true],
    ["\\w+\\W\\w+\\.\\D", "a.b.c", true],
    ["^x{2,}y", "xxxxy.example", true],
    ["^x{2,}y", "xy.example", false],
    ["(?i:Track)", "tracker", true],
    ["(?<year>2\\d{3})", "in2024", true],
    ["a{,3}", "a{,3}", true],
    ["[]a]b", "ab", true],
    ["[a-]b", "-b", true],
    ["x*", "nothing", true],
  ])("%s on %s: %p", (source, name, expected) => {
    expect(matches(source, name)).toBe(expected);
  });

  test.each([
    ["(?=ads)", "looking ahead or behind needs backtracking"],
    ["(?<!x)ads", "looking ahead or behind needs backtracking"],
    ["(a)\\1", "references to groups need backtracking"],
    ["a++", "possessive repeats need backtracking"],
    ["(ads", "a group is not closed"],
    ["ads)", "a closing bracket has no opening one"],
    ["*ads", "a repeat follows nothing"],
    ["^*", "a repeat follows nothing"],
    ["[ads", "it ends too early"],
    ["[z-a]", "a range of a class is out of order"],
    ["a{5,2}", "a repeat is out of range: expected up to 255"],
    ["a{1000}", "a repeat is out of range: expected up to 255"],
    ["\\bads", "an escape is not known"],
    ["bücher", "it has characters that no host name has: expected the xn-- form"],
    ["((a{200}){200}){200}", "it is too large: expected up to 1000 steps"],
    [`${"(".repeat(60)}a${")".repeat(60)}`, "groups are nested more than 50 deep"],
  ])("%s is refused: %s", (source, message) => {
    expect(() => new RegexSet().add(source, 0)).toThrow(new RegexError(message));
  });
});

describe("many expressions", () => {
  test("agree with the runtime's on random names", () => {
    const atom = fc.constantFrom("a", "b", "\\.", ".", "[ab]", "[^a]", "[a-c]", "^", "$", "c");
    const repeat = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{2,}");
    const piece = fc
      .tuple(atom, repeat)
      .map(([each, count]) => (/[$^]$/.test(each) && each.length === 1 ? each : each + count));
    const sequence = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
    const source = fc.oneof(
      sequence,
      fc.tuple(sequence, sequence).map(([one, other]) => `(?:${one}|${other})`),
      fc.tuple(sequence, sequence, repeat).map(([one, other, count]) => `${one}(?:${other})${count}`),
    );
    const name = fc
      .array(fc.constantFrom("a", "b", "c", "."), { minLength: 1, maxLength: 9 })
      .map((letters) => letters.join(""));
    fc.assert(
      fc.property(
        fc.array(source, { minLength: 1, maxLength: 6 }),
        fc.array(name, { minLength: 4 }),
        (sources, names) => {
          const set = new RegexSet({ maxStates: 8 });
          const added = sources.map((each, index) => set.add(each, index));
          for (const each of names) {
            const expected = sources.flatMap((one, index) => (new RegExp(one, "s").test(each) ? [index] : []));
            const always = added.flatMap((isAdded, index) => (isAdded ? [] : [index]));
            expect([sources, each, [...matching(set, each), ...always].sort()]).toEqual([sources, each, expected]);
          }
        },
      ),
      { numRuns: Number(process.env.TENK_RUNS ?? 100) },
    );
  });

  test("that would take a backtracking engine years take a step for each byte", () => {
    const set = new RegexSet();
    for (const [index, source] of ["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*a){20}x", "([a-z]+)*\\d"].entries())
      set.add(source, index);
    expect(matching(set, `${"a".repeat(252)}!`)).toEqual([]);
    expect(set.overruns).toBe(0);
  });

  test("are limited in number and size", () => {
    const set = new RegexSet();
    for (let index = 0; index < 1000; index++) set.add(`^x${index}\\.`, index);
    expect(() => set.add("one-more", 1000)).toThrow("there are more than 1000 expressions");
    expect(matching(set, "x77.example")).toEqual([77]);
    const large = new RegexSet({ maxAllInstructions: 500 });
    large.add("a{250}b{240}c{20}", 0);
    expect(() => large.add("d", 1)).toThrow("the expressions are too large together");
  });

  test("keep a bounded number of states, and bound their work on a name", () => {
    const set = new RegexSet({ maxStates: 32 });
    for (let index = 0; index < 20; index++) set.add(`[a-m].{${index}}[n-z]\\.`, index);
    const random = fc.sample(fc.stringMatching(/^[a-z.]{200}$/), { numRuns: 50, seed: 1 });
    for (const name of random) matching(set, name);
    expect(set.states).toBeLessThanOrEqual(33);
    expect(set.overruns).toBe(0);
    const capped = new RegexSet({ maxSteps: 100, maxStates: 2 });
    for (let index = 0; index < 20; index++) capped.add(`[a-m].{${index}}[n-z]\\.`, index);
    expect(() => matching(capped, random[0]!)).not.toThrow();
    expect(capped.overruns).toBe(1);
  });
});
