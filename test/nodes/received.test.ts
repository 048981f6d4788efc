import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Received } from "../../src/nodes/received.ts";

test("what came and what was lost is what was sent, whatever is lost, repeated, or comes late", () => {
  const way = fc.array(
    fc.record({ isLost: fc.boolean(), isTold: fc.boolean(), repeats: fc.boolean(), isLate: fc.boolean() }),
  );
  fc.assert(
    fc.property(way, (messages) => {
      const received = new Received(10);
      received.tell("n", "node", "chat", 0);
      const delivered: number[] = [];
      const late: number[] = [];
      const take = (sequence: number) => received.take("n", "chat", sequence) && delivered.push(sequence);
      messages.forEach(({ isLost, isTold, repeats, isLate }, index) => {
        if (isLate) late.push(index + 1);
        else if (!isLost) take(index + 1);
        if (repeats && !isLost) take(index + 1);
        if (isTold) for (const sequence of [...late.splice(0)]) take(sequence);
        if (isTold) received.tell("n", "node", "chat", index + 1);
      });
      received.tell("n", "node", "chat", messages.length);
      expect(delivered).toEqual([...new Set(delivered)].sort((a, b) => a - b));
      expect(received.received).toBe(delivered.length);
      expect(received.received + received.lost).toBe(messages.length);
    }),
  );
});

test("counting begins with what is first heard of a node", () => {
  const received = new Received(10);
  expect(received.take("a", "chat", 500)).toBe(true);
  received.tell("b", "other", "chat", 70);
  expect(received.take("b", "chat", 71)).toBe(true);
  expect(received.lost).toBe(0);
  expect(received.take("b", "chat", 74)).toBe(true);
  expect(received.lost).toBe(2);
});

test("nodes are bounded, and a listener that has gone misses nothing", () => {
  const received = new Received(2);
  for (const id of ["a", "b", "c"]) received.take(id, "chat", 1);
  expect(received.nodes.map(({ id }) => id)).toEqual(["b", "c"]);
  received.forgetListener("chat");
  received.take("b", "chat", 100);
  expect(received.lost).toBe(0);
});
