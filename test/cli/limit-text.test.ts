import { expect, test } from "bun:test";
import { limitText, stepLine } from "../../src/cli/limit-text.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import type { Limit, LimitStep } from "../../src/load/mod.ts";

const PLAIN = paintsFor({ write: () => undefined }, {});
const PASSED: LimitStep = {
  value: 10,
  pass: true,
  perSecondSent: 1_000,
  p50Us: 500,
  p99Us: 2_000,
  generatorSaturated: false,
  reason: "every expectation held",
};
const FAILED: LimitStep = {
  ...PASSED,
  value: 20,
  pass: false,
  perSecondSent: 2_000,
  p99Us: 90_000,
  reason: "does not hold: p99<50ms",
};
const LIMIT: Limit = { vary: "rate", knee: 10, brokenAt: 20, limitedBy: "target", curve: [PASSED, FAILED] };

test("a limit is printed with its curve, lowest load first, and its cause", () => {
  expect(limitText(LIMIT, PLAIN)).toBe(`      rate    sent    p50   p99
pass    10  1000/s  500us   2ms  ███████████████
FAIL    20  2000/s  500us  90ms  ██████████████████████████████  does not hold: p99<50ms

limit 10/s, broken at 20/s, limited by the target`);
});

test.each([
  [{ knee: 0, brokenAt: 0.5 }, "no run passed, broken at 0.5/s, limited by the target"],
  [{ brokenAt: null, limitedBy: "none" }, "limit 10/s, limited by nothing that was found"],
  [{ limitedBy: "generator" }, "limited by this generator, not by the target"],
  [{ vary: "connections", knee: 12_000, brokenAt: null }, "limit 12,000 connections, limited"],
] as const)("%j reads %p", (changed, words) => {
  expect(limitText({ ...LIMIT, ...changed }, PLAIN)).toContain(words);
});

test("each run of the search is one line", () => {
  expect(stepLine(PASSED)).toBe("pass  at 10  sent 1000/s  p99 2ms");
  expect(stepLine({ ...PASSED, value: 3.75 })).toBe("pass  at 3.75  sent 1000/s  p99 2ms");
  expect(stepLine({ ...FAILED, p99Us: 0 })).toBe("FAIL  at 20  sent 2000/s  does not hold: p99<50ms");
});
