import { describe, expect, test } from "bun:test";
import type { Report, TcpOptions } from "../../src/load/mod.ts";
import type { Handler } from "../../src/net/mod.ts";
import { PING, runAgainst, target } from "./servers.ts";

type Behaviour = Handler<{ text: string; index: number }>;

/** What servers do to those who measure them. */
const SERVERS: Readonly<Record<string, Behaviour>> = {
  "answers each chunk": { chunk: (connection, bytes) => connection.write(bytes) },
  "answers twice": {
    chunk(connection, bytes) {
      connection.write(bytes);
      connection.write(bytes);
    },
  },
  "answers late": {
    async chunk(connection, bytes) {
      const kept = bytes.slice();
      await new Promise((resolve) => setTimeout(resolve, 100));
      connection.write(kept);
    },
  },
  "answers nothing": { chunk() {} },
  "never reads": { open: (connection) => connection.pause() },
  "reads on every other connection": {
    open: (connection) => {
      if (connection.data.index % 2 === 0) connection.pause();
    },
    chunk: (connection, bytes) => connection.write(bytes),
  },
  "resets every other connection": {
    chunk(connection, bytes) {
      if (connection.data.index % 2 === 0) connection.reset();
      else connection.write(bytes);
    },
  },
  "closes in the middle of an answer": {
    chunk(connection, bytes) {
      connection.write(bytes.subarray(0, bytes.length - 1));
      connection.end();
    },
  },
  "closes at once": { open: (connection) => connection.close() },
};

const LENGTH = { kind: "length", bytes: 4 } as const;
const PLANS: Readonly<Record<string, TcpOptions>> = {
  "at a rate": { ratePerConnection: 100, replies: LENGTH },
  "as fast as they are taken": { replies: LENGTH },
  "one at a time": { replies: LENGTH, pipeline: 1 },
  "three at a time": { replies: LENGTH, pipeline: 3, ratePerConnection: 300 },
  "on connections that come back": { ratePerConnection: 100, replies: LENGTH, reconnect: true },
  "on connections that take turns": { ratePerConnection: 100, replies: LENGTH, channelLifetimeMs: 60 },
  "by two event loops": { ratePerConnection: 100, replies: LENGTH, workers: 2 },
};

async function reportOf(behaviour: Behaviour, plan: TcpOptions): Promise<Report> {
  await using server = await target((connection, bytes) => void behaviour.chunk?.(connection as never, bytes), {
    open: (connection) => behaviour.open?.(connection),
  });
  return await runAgainst(server, { connections: 4, durationMs: 150, drainMs: 100, ...plan });
}

function holdSums(what: string, { plan, messages, timing, latencyUs }: Report): void {
  const { planned, sent, late, dropped, droppedBy, received, answered, unexpected, unanswered, perSecondSent } =
    messages;
  const { message, service, send } = latencyUs;
  expect([what, sent + dropped, answered + unanswered, received]).toEqual([what, planned, sent, answered + unexpected]);
  // Every message weighs: those that were not answered as what they have waited at least.
  const open = { count: message.count, open: message.atLeast?.count ?? 0 };
  expect([what, open]).toEqual([what, { count: planned, open: unanswered + dropped }]);
  if (plan.ratePerConnection > 0) expect([what, send.count]).toEqual([what, planned]);
  expect([what, service.count - (service.atLeast?.count ?? 0)]).toEqual([what, answered]);
  expect((perSecondSent * timing.sendMs) / 1000).toBeLessThanOrEqual(sent + 0.5);
  expect(Math.min(sent - late, unanswered, ...Object.values(droppedBy))).toBeGreaterThanOrEqual(0);
}

test("whatever a server does and however it is sent, every message is accounted for once", async () => {
  const runs = Object.entries(SERVERS).flatMap(([name, behaviour]) =>
    Object.entries(PLANS).map(async ([how, plan]) => holdSums(`${name}, ${how}`, await reportOf(behaviour, plan))),
  );
  await Promise.all(runs);
}, 30_000);

test.each([1, 2])(
  "a message that stays in a write queue was not sent, and awaits no answer: %p event loops",
  async (workers) => {
    const messages = [
      { kind: "file-bytes", bytes: new Uint8Array(20_000_000), first: false, unescape: false },
    ] as const;
    const replies = { kind: "length", bytes: 1 } as const;
    const plan = { messages, replies, ratePerConnection: 10, sendBufferBytes: 65_536, workers };
    const report = await reportOf(SERVERS["never reads"]!, plan);
    holdSums("never reads", report);
    expect([report.messages.sent, report.messages.unanswered]).toEqual([0, 0]);
    expect(report.messages.droppedBy.full).toBeGreaterThan(0);
  },
);

test("of a first message that a server never reads, nothing is taken for messages of others", async () => {
  const opening = { kind: "file-bytes", bytes: new Uint8Array(8_000_000), first: true, unescape: false } as const;
  let opened = 0;
  await using server = await target(undefined, {
    open: (connection) => {
      opened += 1;
      if (opened === 1) connection.pause();
    },
  });
  const report = await runAgainst(server, {
    connections: 2,
    ratePerConnection: 50,
    messages: [opening, ...PING],
    sendBufferBytes: 65_536,
    drainMs: 1000,
  });
  // One connection's opening alone is as long as two million messages.
  expect(report.messages.droppedBy.full).toBeGreaterThan(0);
  expect(report.messages.sent).toBeGreaterThan(0);
}, 30_000);

test("of an echo, what was sent at the openings is not counted among the messages that came back", async () => {
  const messages = [{ kind: "text", text: "hello, ", first: true, unescape: false } as const, ...PING];
  const report = await reportOf(SERVERS["answers each chunk"]!, { messages, ratePerConnection: 50 });
  expect(report.bytes.received).toBe(4 * 7 + 4 * report.messages.sent);
  expect(report.messages.received).toBe(report.messages.sent);
});

describe("the text that ends a run", () => {
  const options = {
    messages: [{ kind: "text", text: "\\{connection.uid}", first: false, unescape: false }],
    connections: 2,
    ratePerConnection: 20,
    durationMs: 100,
    drainMs: 10_000,
    replies: { kind: "length", bytes: 3 },
    messageStop: new TextEncoder().encode("ERR"),
  } as const satisfies TcpOptions;

  test.each([1, 2])("fails it among the last answers too, whichever of %p event loops reads it", async (workers) => {
    await using server = await target(async (connection, bytes) => {
      const answer = new TextDecoder().decode(bytes).replaceAll("0", "OKK").replaceAll("1", "ERR");
      await new Promise((resolve) => setTimeout(resolve, 300));
      connection.write(answer);
    });
    const { endedBy, verdict } = await runAgainst(server, { ...options, workers });
    expect([endedBy, verdict.pass]).toEqual(["message-stop", false]);
  });
});
