import { expect, test } from "bun:test";
import fc from "fast-check";
import { Wheel } from "../../src/base/mod.ts";

test("a timer fires once, at its tick, also when it lies several turns ahead", () => {
  const wheel = new Wheel(8);
  wheel.arm(1, 3);
  wheel.arm(2, 27);
  const fired: [number, number][] = [];
  for (let tick = 1; tick <= 40; tick++) wheel.advance(tick, (id) => fired.push([tick, id]));
  expect(fired).toEqual([
    [3, 1],
    [27, 2],
  ]);
  expect(wheel.armed).toBe(0);
});

test("a late advance fires everything that came due in between, once", () => {
  const wheel = new Wheel(8);
  for (let id = 0; id < 100; id++) wheel.arm(id, id + 1);
  const fired = new Set<number>();
  wheel.advance(1000, (id) => fired.add(id));
  expect(fired.size).toBe(100);
});

test("a firing timer may arm itself again and disarm its neighbours", () => {
  const wheel = new Wheel(4);
  wheel.arm(1, 4);
  wheel.arm(2, 4);
  let fires = 0;
  wheel.advance(4, (id) => {
    fires += 1;
    wheel.disarm(id === 1 ? 2 : 1);
    wheel.arm(id, 8);
  });
  expect([fires, wheel.armed]).toEqual([1, 1]);
});

test("a timer that another one arms anew while it fires does so at its new tick only", () => {
  const wheel = new Wheel(4);
  wheel.arm(1, 4);
  wheel.arm(2, 4);
  const fired: [number, number][] = [];
  for (let tick = 1; tick <= 12; tick++) {
    wheel.advance(tick, (id) => {
      fired.push([tick, id]);
      if (tick === 4) wheel.arm(3 - id, 10);
    });
  }
  expect(fired.map(([tick]) => tick)).toEqual([4, 10]);
  expect(wheel.armed).toBe(0);
});

test("any order of arm, disarm and advance agrees with a plain map of due times", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("arm" as const), id: fc.nat(20), ticks: fc.nat(60) }),
    fc.record({ kind: fc.constant("disarm" as const), id: fc.nat(20), ticks: fc.constant(0) }),
    fc.record({ kind: fc.constant("advance" as const), id: fc.constant(0), ticks: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const wheel = new Wheel(16, 2);
      const due = new Map<number, number>();
      let now = 0;
      for (const { kind, id, ticks } of steps) {
        if (kind === "arm") {
          wheel.arm(id, now + ticks);
          due.set(id, Math.max(now + ticks, now + 1));
        } else if (kind === "disarm") {
          wheel.disarm(id);
          due.delete(id);
        } else {
          now += ticks;
          const fired: number[] = [];
          wheel.advance(now, (each) => fired.push(each));
          const expected = [...due].filter(([, tick]) => tick <= now).map(([each]) => each);
          for (const each of expected) due.delete(each);
          expect(fired.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
        }
        expect(wheel.armed).toBe(due.size);
      }
    }),
    { numRuns: 500 },
  );
});
