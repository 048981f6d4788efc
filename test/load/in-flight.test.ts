import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { elapsedUs, InFlight, microsecondsOf } from "../../src/load/loop/in-flight.ts";

describe("messages in flight", () => {
  test("answers go to the oldest message of their connection", () => {
    const flight = new InFlight(2, 10);
    flight.pushSent(0, 100, 110);
    flight.pushSent(1, 200, 210);
    flight.pushSent(0, 300, 310);
    const taken = [0, 0, 1].map((slot) => {
      const node = flight.take(slot);
      return [flight.plannedUs(node), flight.sentUs(node)];
    });
    expect(taken).toEqual([
      [100, 110],
      [300, 310],
      [200, 210],
    ]);
    expect([flight.take(0), flight.underWay]).toEqual([-1, 0]);
  });

  test("time is kept in 32 bits and read across their turn", () => {
    const beforeTurn = microsecondsOf(4_294_967.29);
    expect(elapsedUs(beforeTurn, microsecondsOf(4_294_968.29))).toBe(1000);
  });

  test("behave as a list for each connection would", () => {
    type Model = { planned: number; sent: number | undefined }[];
    const slot = fc.nat(2);
    const step = fc.tuple(fc.constantFrom("send", "wait", "sendWaiting", "dropWaiting", "pop", "take", "clear"), slot);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const flight = new InFlight(3, 8);
        const models: Model[] = [[], [], []];
        for (const [index, [what, at]] of steps.entries()) {
          const model = models[at]!;
          const firstWaiting = model.findIndex((message) => message.sent === undefined);
          if (what === "send" && firstWaiting < 0 && flight.hasRoom(at)) {
            flight.pushSent(at, index, index + 1);
            model.push({ planned: index, sent: index + 1 });
          } else if (what === "wait" && flight.hasRoom(at)) {
            flight.pushWaiting(at, index);
            model.push({ planned: index, sent: undefined });
          } else if (what === "sendWaiting" && firstWaiting >= 0) {
            expect(flight.waitingSinceUs(at)).toBe(model[firstWaiting]!.planned);
            flight.sendWaiting(at, index);
            model[firstWaiting]!.sent = index;
          } else if (what === "dropWaiting" && firstWaiting >= 0) {
            flight.dropWaiting(at);
            model.splice(firstWaiting, 1);
          } else if (what === "pop") {
            const node = flight.take(at);
            expect(node >= 0).toBe(model[0]?.sent !== undefined);
            if (node >= 0) {
              const { planned, sent } = model.shift()!;
              expect<unknown[]>([flight.plannedUs(node), flight.sentUs(node)]).toEqual([planned, sent]);
            }
          } else if (what === "take") {
            // Answers need not come in the order of their messages.
            const sent = model.filter((message) => message.sent !== undefined).length;
            const node = flight.take(at, index % 5);
            expect(node >= 0).toBe(index % 5 < sent);
            if (node >= 0) {
              const [taken] = model.splice(index % 5, 1);
              expect<unknown[]>([flight.plannedUs(node), flight.sentUs(node)]).toEqual([taken?.planned, taken?.sent]);
            }
          } else if (what === "clear") {
            flight.clear(at);
            models[at] = [];
          }
          const sent = models.map((list) => list.filter((message) => message.sent !== undefined).length);
          expect(models.map((_, each) => flight.unanswered(each))).toEqual(sent);
          expect(models.map((list, each) => list.length - flight.waitingOn(each))).toEqual(sent);
          expect(flight.underWay).toBe(sent.reduce((sum, count) => sum + count, 0));
          expect(flight.hasRoom(at)).toBe(models[at]!.length < 8);
        }
      }),
    );
  });

  test("the pool grows and is used again", () => {
    const flight = new InFlight(1, 10_000);
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 5000; index++) flight.pushSent(0, index, index);
      for (let index = 0; index < 5000; index++) expect(flight.plannedUs(flight.take(0))).toBe(index);
    }
    expect(flight.underWay).toBe(0);
  });
});
