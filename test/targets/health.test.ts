import { expect, test } from "bun:test";
import fc from "fast-check";
import { HEALTH_DEFAULTS, Health } from "../../src/targets/health.ts";
import { randomFrom } from "../wire/fuzz.ts";

const settings = { ...HEALTH_DEFAULTS, failures: 3, backOffMs: 100, maxBackOffMs: 350 };
const failing = (health: Health, times: number, nowMs: number) =>
  Array.from({ length: times }, () => health.failed(nowMs, health.began(nowMs))).at(-1);

test("a target is out after as many failures in a row, and says so once", () => {
  const health = new Health(settings);
  expect([1, 2, 3, 4].map(() => health.failed(0, false))).toEqual([false, false, true, false]);
  expect(health.isUsable(99)).toBe(false);
  expect(new Health({ ...settings, failures: 0 }).failed(0, false)).toBe(false);
});

test("one success between failures keeps it in", () => {
  const health = new Health(settings);
  failing(health, 2, 0);
  expect(health.succeeded()).toBe(false);
  expect(failing(health, 2, 0)).toBe(false);
  expect(health.isUsable(0)).toBe(true);
});

test("after the back-off one connect tries; each trial that fails doubles it, up to the most", () => {
  const health = new Health(settings);
  failing(health, 3, 0);
  let nowMs = 0;
  for (const backOffMs of [100, 200, 350, 350]) {
    expect(health.backOffMs).toBe(backOffMs);
    expect(health.isUsable(nowMs + backOffMs - 1)).toBe(false);
    nowMs += backOffMs;
    expect(health.isUsable(nowMs)).toBe(true);
    expect(health.began(nowMs)).toBe(true);
    expect(health.isUsable(nowMs)).toBe(false); // the others wait for how it ends
    expect(health.began(nowMs)).toBe(false);
    health.failed(nowMs, true);
  }
});

test("a trial that works brings it back, and the next time it begins with the first back-off", () => {
  const health = new Health(settings);
  failing(health, 3, 0);
  health.failed(100, health.began(100));
  expect(health.began(300)).toBe(true);
  expect(health.succeeded()).toBe(true);
  expect(health.isUsable(300)).toBe(true);
  failing(health, 3, 300);
  expect(health.backOffMs).toBe(100);
});

test("a trial that is given up leaves the next one due; another's end does not end it", () => {
  const health = new Health(settings);
  failing(health, 3, 0);
  expect(health.began(100)).toBe(true);
  health.cancelled(false);
  expect(health.isUsable(100)).toBe(false);
  health.cancelled(true);
  expect(health.isUsable(100)).toBe(true);
});

test("with checks it is they that try, not clients", () => {
  const health = new Health({ ...settings, checkMs: 50 });
  failing(health, 3, 0);
  expect(health.isUsable(1_000_000)).toBe(false);
  health.succeeded();
  expect(health.isUsable(1_000_000)).toBe(true);
});

test("whatever happens, it is out exactly after failures in a row, and never for longer than the most", () => {
  const step = fc.record({ waitMs: fc.nat(500), event: fc.constantFrom("success", "failure", "cancel") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const health = new Health(settings);
      let [nowMs, inRow] = [0, 0];
      for (const { waitMs, event } of steps) {
        nowMs += waitMs;
        const isTrial = health.began(nowMs);
        if (event === "success") health.succeeded();
        else if (event === "failure") health.failed(nowMs, isTrial);
        else health.cancelled(isTrial);
        inRow = event === "success" ? 0 : inRow + (event === "failure" ? 1 : 0);
        expect(health.isOut).toBe(inRow >= 3);
        expect(health.backOffMs).toBeLessThanOrEqual(350);
        expect(health.isUsable(nowMs + 350)).toBe(true);
      }
    }),
  );
});

test.each([
  [0, 3],
  [0.1, 9],
  [0.5, 30],
])("one that fails %p of its connects stays in, and is out soon once it fails all", (share, soon) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed);
    const fails = () => random(1_000_000) < share * 1_000_000;
    const health = new Health(settings);
    // Whoever is new is known by nothing but its failures.
    for (let connect = 0; connect < 200; connect++) {
      if (connect % 2 > 0 || !fails()) health.succeeded();
      else health.failed(0, false);
    }
    for (let connect = 0; connect < 5000; connect++) {
      if (!fails()) health.succeeded();
      else expect(health.failed(0, false)).toBe(false);
    }
    health.succeeded();
    failing(health, soon, 0);
    expect(health.isOut).toBe(true);
  }
});
