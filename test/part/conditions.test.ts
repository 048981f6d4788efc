import { expect, test } from "bun:test";
import { type Condition, Conditions } from "../../src/part/mod.ts";

const told = { key: "box/disk/", severity: "warning", subject: "disk /", state: "91 % full", reason: "why" } as const;
const over: Condition = { ...told, isOver: true, isClear: false, holdMs: 60 };
const between: Condition = { ...over, isOver: false };
const clear: Condition = { ...between, isClear: true };

/** Runs [moment, condition] pairs, and returns since when there is a problem after each. */
function run(...steps: readonly (readonly [atMs: number, condition: Condition | undefined])[]) {
  const conditions = new Conditions();
  return steps.map(([atMs, condition]) => {
    conditions.take(condition === undefined ? [] : [condition], atMs);
    return conditions.problems[0]?.sinceMs;
  });
}

test("a peak that is shorter than its time is no problem; one that lasts began when it was first seen", () => {
  const seen = run([0, over], [50, clear], [70, over], [129, over], [130, over]);
  expect(seen).toEqual([undefined, undefined, undefined, undefined, 70]);
});

test("a value that wavers around its limit is one problem", () => {
  expect(run([0, over], [60, over], [70, between], [200, between], [210, over])).toEqual([undefined, 0, 0, 0, 0]);
});

test("a problem ends once the value has been clear for the same time, or for a time of its own", () => {
  expect(run([0, over], [60, over], [70, clear], [129, clear], [130, clear])).toEqual([undefined, 0, 0, 0, undefined]);
  expect(run([0, over], [60, over], [70, { ...clear, clearMs: 0 }])).toEqual([undefined, 0, undefined]);
});

test("what is no longer watched is no problem, and begins anew", () => {
  const seen = run([0, over], [60, over], [70, undefined], [80, over], [140, over]);
  expect(seen).toEqual([undefined, 0, undefined, undefined, 80]);
});

test("a problem tells how things are now", () => {
  const conditions = new Conditions();
  conditions.take([{ ...over, holdMs: 0 }], 0);
  conditions.take([{ ...over, state: "99 % full", severity: "critical" }], 10);
  expect(conditions.problems).toMatchObject([{ state: "99 % full", severity: "critical", sinceMs: 0 }]);
});

test("after a start nothing is known of what is not clear, until it is a problem", () => {
  const conditions = new Conditions();
  const undecided = (nowMs: number, given: Partial<Condition>) => {
    conditions.take([{ ...over, ...given }], nowMs);
    return conditions.undecided.length;
  };
  expect([undecided(0, over), undecided(59, over), undecided(60, over)]).toEqual([1, 1, 0]);
  expect([undecided(200, clear), undecided(300, clear), undecided(310, between)]).toEqual([0, 0, 1]);
});
