import { afterEach, beforeEach, expect, test } from "bun:test";
import { resetSync } from "@logtape/logtape";
import { carryLog, flushOccasional, type LogEntry } from "../../src/base/mod.ts";
import { afterTurn, listen } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

let entries: LogEntry[] = [];
beforeEach(() => {
  entries = [];
  carryLog((entry) => entries.push(entry));
});
afterEach(() => resetSync());

test("a callback runs once, after every socket that had something to read in this turn", async () => {
  const events: string[] = [];
  let isAsked = false;
  await using server = await listen(
    { host: "127.0.0.1" },
    {
      chunk(_, bytes) {
        events.push(String(bytes));
        if (isAsked) return;
        isAsked = true;
        afterTurn(() => events.push("flush"));
      },
    },
  );
  const clients = await Promise.all(["a", "b", "c", "d"].map(() => new Client(server.port).connected()));
  await until(() => server.counts().active === 4);
  for (const [index, client] of clients.entries()) client.socket.write("abcd"[index]!);
  // While the loop is blocked all of them arrive, so that the next poll reports them together.
  const untilMs = performance.now() + 50;
  while (performance.now() < untilMs);
  await until(() => events.includes("flush"));
  expect([events.slice(0, -1).toSorted(), events.at(-1)]).toEqual([["a", "b", "c", "d"], "flush"]);
});

test("what is registered at the end of a turn runs at the end of the next, in order", async () => {
  const order: string[] = [];
  afterTurn(() => {
    order.push("one");
    afterTurn(() => order.push("three"));
  });
  afterTurn(() => order.push("two"));
  setImmediate(() => order.push("immediate"));
  await until(() => order.includes("three"));
  expect(order).toEqual(["one", "two", "immediate", "three"]);
});

test("one that throws is logged, and the others run", async () => {
  let count = 0;
  afterTurn(() => {
    throw new Error("cannot flush");
  });
  afterTurn(() => {
    count += 1;
  });
  await until(() => count === 1);
  flushOccasional();
  expect(entries).toMatchObject([
    { message: "callback at the end of a loop turn failed", fields: { error: "cannot flush", count: 1 } },
  ]);
});
