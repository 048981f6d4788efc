import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DialQueue } from "../../src/load/loop/dial-queue.ts";
import { Rotation } from "../../src/load/loop/rotation.ts";
import { Tally } from "../../src/load/measure/tally.ts";

describe("turns go round", () => {
  test("each slot gets as many as any other", () => {
    const rotation = new Rotation(3);
    for (const slot of [0, 1, 2]) rotation.add(slot);
    expect(Array.from({ length: 7 }, () => rotation.next())).toEqual([0, 1, 2, 0, 1, 2, 0]);
    rotation.skip(4);
    expect(rotation.next()).toBe(2);
  });

  test("slots that leave after a full round are gone", () => {
    const rotation = new Rotation(3);
    for (const slot of [0, 1, 2]) rotation.add(slot);
    for (let turn = 0; turn < 3; turn++) rotation.next();
    rotation.remove(0);
    rotation.remove(2);
    expect([rotation.size, rotation.next(), rotation.next()]).toEqual([1, 1, 1]);
  });

  test("after every full round, whoever leaves, those that stay have a turn each", () => {
    const leavers = fc.array(fc.uniqueArray(fc.nat(7), { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(leavers, (rounds) => {
        const rotation = new Rotation(8);
        const present = new Set<number>();
        for (const leaving of rounds) {
          for (let slot = 0; slot < 8; slot++) {
            rotation.add(slot);
            present.add(slot);
          }
          for (let turn = 0; turn < 8; turn++) rotation.next();
          for (const slot of leaving) {
            rotation.remove(slot);
            present.delete(slot);
          }
          const listed = Array.from({ length: rotation.size }, (_, index) => rotation.at(index));
          expect(new Set(listed)).toEqual(present);
          const served = Array.from({ length: rotation.size }, () => rotation.next());
          expect(new Set(served)).toEqual(present);
        }
      }),
    );
  });

  test("those that come and go faster than a round takes no turns from those that stay", () => {
    const mix = fc.record({ stay: fc.integer({ min: 1, max: 60 }), restless: fc.integer({ min: 1, max: 60 }) });
    const times = fc.record({ lifeTurns: fc.integer({ min: 1, max: 200 }), seed: fc.nat() });
    fc.assert(
      fc.property(mix, times, ({ stay, restless }, { lifeTurns, seed }) => {
        const rotation = new Rotation(stay + restless);
        let state = seed;
        const random = () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return state / 2 ** 32;
        };
        const turns = new Array<number>(stay + restless).fill(0);
        const ends = turns.map((_, slot) => (slot < stay ? Number.POSITIVE_INFINITY : random() * lifeTurns));
        for (let slot = 0; slot < ends.length; slot++) rotation.add(slot);
        for (let turn = 0; turn < 20 * ends.length; turn++) {
          for (let slot = stay; slot < ends.length; slot++) {
            if (turn < ends[slot]!) continue;
            rotation.remove(slot);
            rotation.add(slot);
            ends[slot] = turn + (0.5 + random()) * lifeTurns;
          }
          turns[rotation.next()]! += 1;
        }
        for (const had of turns.slice(0, stay)) expect(had).toBeGreaterThanOrEqual(20);
      }),
      { numRuns: 20 },
    );
  });

  test("also while slots come and go: those that stay are at most one turn apart", () => {
    const step = fc.tuple(fc.constantFrom("add", "remove", "next", "next", "next"), fc.nat(39));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const rotation = new Rotation(40);
        const present = new Set<number>();
        const turns = new Map<number, number[]>();
        const joined = new Map<number, number>();
        for (const [index, [what, slot]] of steps.entries()) {
          if (what === "add" && !present.has(slot)) {
            rotation.add(slot);
            present.add(slot);
            turns.set(slot, []);
            joined.set(slot, index);
          } else if (what === "remove") {
            rotation.remove(slot);
            present.delete(slot);
          } else if (what === "next" && present.size > 0) {
            const served = rotation.next();
            expect(present.has(served)).toBe(true);
            turns.get(served)!.push(index);
          }
          expect(rotation.size).toBe(present.size);
          const listed = Array.from({ length: rotation.size }, (_, index) => rotation.at(index));
          expect(new Set(listed)).toEqual(present);
          for (let each = 0; each < 40; each++) expect(rotation.has(each)).toBe(present.has(each));
        }
        for (const one of present) {
          for (const other of present) {
            const from = Math.max(joined.get(one)!, joined.get(other)!);
            const count = (which: number) => turns.get(which)!.filter((turn) => turn >= from).length;
            expect(Math.abs(count(one) - count(other))).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});

describe("connections are opened at their moments", () => {
  test("so many a second, the first at once", () => {
    const queue = new DialQueue(4, 1000, 100);
    for (const slot of [0, 1, 2, 3]) queue.push(slot, 100);
    expect([queue.take(100), queue.take(100), queue.take(102), queue.take(102), queue.take(102)]).toEqual([
      0, -1, 1, 2, -1,
    ]);
    expect(queue.waitMs(102)).toBe(1);
    expect(queue.take(103)).toBe(3);
    expect(queue.waitMs(103)).toBe(Number.POSITIVE_INFINITY);
  });

  test("turns that nobody used are gone", () => {
    const queue = new DialQueue(2, 10, 0);
    queue.push(0, 5000);
    queue.push(1, 5000);
    expect([queue.take(5000), queue.take(5000), queue.waitMs(5000)]).toEqual([0, -1, 100]);
  });

  test("all at once when there is no rate", () => {
    const queue = new DialQueue(3, Number.POSITIVE_INFINITY, 0);
    for (const slot of [0, 1, 2]) queue.push(slot, 0);
    expect([queue.take(0), queue.take(0), queue.take(0)]).toEqual([0, 1, 2]);
  });
});

test("tallies of several workers add up, causes and all", () => {
  const [one, other] = [new Tally(), new Tally()];
  one.sent = 3;
  one.countFailure("connect ECONNREFUSED");
  other.countFailure("connect ECONNREFUSED");
  other.countLoss("reset");
  other.dropped.full = 2;
  one.add(structuredClone({ ...other }));
  expect([one.sent, one.failed, one.lost, one.droppedInAll]).toEqual([3, 2, 1, 2]);
  expect(one.byCause).toEqual({ "connect ECONNREFUSED": 2, "established reset": 1 });
});
