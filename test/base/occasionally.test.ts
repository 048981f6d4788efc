import { expect, test } from "bun:test";
import fc from "fast-check";
import { flushOccasional, occasionally, occasionallyEach } from "../../src/base/mod.ts";

/** Timers that go off when a test says so. */
function timers() {
  const waiting: (() => void)[] = [];
  return {
    later: (work: () => void) => void waiting.push(work),
    waiting,
    goOff: () => waiting.splice(0).forEach((work) => void work()), // biome-ignore format: one thought
  };
}

test("occasionally says the first event at once and the rest, complete, when the interval ends", () => {
  const said: [number, string][] = [];
  const { later, goOff, waiting } = timers();
  const event = occasionally<string>((count, last) => said.push([count, last]), 1000, later);
  event("first");
  for (let index = 1; index <= 499; index++) event(`event ${index}`);
  expect(said).toEqual([[1, "first"]]);
  goOff();
  expect(said.slice(1)).toEqual([[499, "event 499"]]);
  // What follows a tail waits again; what follows an interval of silence does not.
  event("early");
  expect(said).toHaveLength(2);
  goOff();
  goOff();
  expect([said.at(-1), waiting.length]).toEqual([[1, "early"], 0]);
  event("late");
  expect(said.at(-1)).toEqual([1, "late"]);
});

test("a stop says what is unsaid, once", () => {
  const said: number[] = [];
  const { later, goOff } = timers();
  const event = occasionally((count) => said.push(count), 1000, later);
  for (let index = 0; index < 5; index++) event();
  flushOccasional();
  flushOccasional();
  event.flush();
  goOff();
  expect(said).toEqual([1, 4]);
});

test("a frequent key does not take the count of a rare one", () => {
  const said: [string, number, number][] = [];
  const event = occasionallyEach<string, number>((key, count, last) => said.push([key, count, last]));
  for (const [at, key] of ["a", "b", "a", "a", "b"].entries()) event(key, at);
  flushOccasional();
  expect(said.sort()).toEqual([
    ["a", 1, 0],
    ["a", 2, 3],
    ["b", 1, 1],
    ["b", 1, 4],
  ]);
});

test("whatever the order of events, ends of intervals and stops: the counts add up, and none is said twice in an interval", () => {
  const step = fc.constantFrom("event" as const, "event" as const, "interval" as const, "flush" as const);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { later, goOff } = timers();
      const said: number[] = [];
      let saidNow = 0;
      const event = occasionally(
        (count) => {
          said.push(count);
          saidNow += 1;
        },
        1000,
        later,
      );
      for (const each of steps) {
        saidNow = 0;
        if (each === "event") event();
        else if (each === "interval") goOff();
        else event.flush();
        expect(saidNow).toBeLessThanOrEqual(1);
      }
      event.flush();
      expect(said.reduce((sum, count) => sum + count, 0)).toBe(steps.filter((each) => each === "event").length);
      expect(said).not.toContain(0);
    }),
  );
});
