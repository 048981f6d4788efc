import { expect, test } from "bun:test";
import fc from "fast-check";
import { Mailbox, type PushResult, subscriberSettings } from "../../src/net/publish/mod.ts";
import type { SubscriberOptions } from "../../src/net/types.ts";

const message = (length: number, mark = 0) => new Uint8Array(length).fill(mark);
const mailboxOf = (options: SubscriberOptions) => new Mailbox(subscriberSettings(options));

test.each([
  ["drop-oldest", ["queued", "queued", "dropped-oldest", "dropped-newest"], [2, 3], 2],
  ["drop-newest", ["queued", "queued", "dropped-newest", "dropped-newest"], [1, 2], 2],
  ["close", ["queued", "queued", "close", "close"], [1, 2], 0],
] as const)("a full mailbox does %s", (whenFull, results, left, dropped) => {
  const mailbox = mailboxOf({ maxQueuedBytes: 200, whenFull });
  expect([1, 2, 3].map((mark) => mailbox.push(message(100, mark))).concat(mailbox.push(message(201, 4)))).toEqual([
    ...results,
  ]);
  expect(mailbox.queuedBytes).toBe(200);
  expect(mailbox.dropped).toBe(dropped);
  expect([mailbox.shift()?.[0], mailbox.shift()?.[0], mailbox.shift()]).toEqual([...left, undefined]);
  expect(mailbox.queuedBytes).toBe(0);
});

test("one large message takes the place of as many as it needs", () => {
  const mailbox = mailboxOf({ maxQueuedBytes: 300 });
  for (const mark of [1, 2, 3]) mailbox.push(message(100, mark));
  expect(mailbox.push(message(150, 4))).toBe("dropped-oldest");
  expect(mailbox.dropped).toBe(2);
  expect([mailbox.shift()?.[0], mailbox.shift()?.[0], mailbox.length]).toEqual([3, 4, 0]);
});

test("the number of small messages is bounded too, and what waits is the very object that was pushed", () => {
  const mailbox = mailboxOf({ maxQueuedBytes: 6400 });
  const shared = message(1);
  for (let index = 0; index < 1000; index++) mailbox.push(shared);
  expect(mailbox.length).toBe(100);
  expect(mailbox.shift()).toBe(shared);
});

test("a mailbox behaves as a plain list does, under every policy", () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat(600) }, { weight: 1, arbitrary: fc.constant("shift" as const) });
  const policy = fc.constantFrom("drop-oldest" as const, "drop-newest" as const, "close" as const);
  fc.assert(
    fc.property(policy, fc.nat(20_000), fc.array(step, { maxLength: 300 }), (whenFull, maxQueuedBytes, steps) => {
      const mailbox = mailboxOf({ maxQueuedBytes, whenFull });
      let model: Uint8Array[] = [];
      let dropped = 0;
      const cost = (list: Uint8Array[]) => list.reduce((sum, { length }) => sum + Math.max(length, 64), 0);
      for (const each of steps) {
        if (each === "shift") {
          expect(mailbox.shift()).toBe(model.shift() as Uint8Array);
        } else {
          const bytes = message(each);
          const before = model;
          let expected: PushResult = "queued";
          if (cost([...model, bytes]) <= maxQueuedBytes) model = [...model, bytes];
          else if (whenFull === "close") expected = "close";
          else if (whenFull === "drop-newest" || cost([bytes]) > maxQueuedBytes) expected = "dropped-newest";
          else {
            expected = "dropped-oldest";
            model = [...model, bytes];
            while (cost(model) > maxQueuedBytes) model = model.slice(1);
          }
          if (expected === "dropped-newest") dropped += 1;
          if (expected === "dropped-oldest") dropped += before.length + 1 - model.length;
          expect(mailbox.push(bytes)).toBe(expected);
        }
        expect([mailbox.length, mailbox.queuedBytes, mailbox.dropped]).toEqual([model.length, cost(model), dropped]);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  [{ maxQueuedBytes: -1 }, "maxQueuedBytes"],
  [{ maxTopics: 1.5 }, "maxTopics"],
  [{ whenFull: "wait" as "close" }, "whenFull"],
])("%j is refused by name", (options, name) => {
  expect(() => subscriberSettings(options)).toThrow(name);
});
