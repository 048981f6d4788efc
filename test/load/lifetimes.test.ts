import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { LoadSnapshot, TcpOptions } from "../../src/load/mod.ts";
import { type Connection, listen } from "../../src/net/mod.ts";
import { runAgainst, type Target, target } from "./servers.ts";

const LENGTH = { kind: "length", bytes: 4 } as const;

describe("a connection with a lifetime", () => {
  test("has its delay first, also where it is opened again", async () => {
    const openedMs: number[] = [];
    const silentMs: number[] = [];
    await using sink = await target(
      (_, __, index) => {
        silentMs[index] ??= performance.now() - openedMs[index]!;
      },
      { open: () => void openedMs.push(performance.now()) },
    );
    const plan = { connections: 3, ratePerConnection: 200, delaySendMs: 80, channelLifetimeMs: 160, durationMs: 700 };
    const { connections, messages } = await runAgainst(sink, plan);
    // Four lives and a half of each; a machine that is held up makes fewer of them.
    expect(connections.opened).toBeGreaterThanOrEqual(6);
    expect([connections.reopened, connections.lost]).toEqual([connections.opened - 3, 0]);
    const silences = silentMs.filter((ms) => ms !== undefined);
    expect(silences.length).toBeGreaterThanOrEqual(3);
    for (const ms of silences) expect(ms).toBeGreaterThanOrEqual(70);
    // Silent for half of each life: nothing is planned for that time.
    expect(messages.planned).toBeLessThan(3 * 200 * 0.7 * 0.75);
    expect(messages.planned).toBe(messages.sent + messages.dropped);
  });

  const slow: TcpOptions = { connections: 4, ratePerConnection: 50, channelLifetimeMs: 100, durationMs: 600 };

  test.each([{}, { pipeline: 1 }])("is closed when its last request is answered, with %j", async (more) => {
    await using echo = await target((connection, bytes) => {
      const copy = bytes.slice();
      setTimeout(() => connection.write(copy), 30);
    });
    const { connections, messages } = await runAgainst(echo, { ...slow, ...more, replies: LENGTH });
    expect(connections.reopened).toBeGreaterThan(4);
    expect([messages.unanswered, messages.unexpected, messages.answered]).toEqual([0, 0, messages.sent]);
  });

  test("does not wait for ever for an answer that does not come", async () => {
    await using silent = await target();
    const { connections, messages } = await runAgainst(silent, { ...slow, drainMs: 100, replies: LENGTH });
    expect(connections.reopened).toBeGreaterThanOrEqual(4);
    expect([messages.unanswered, messages.answered]).toEqual([messages.sent, 0]);
    const one = (await runAgainst(silent, { ...slow, drainMs: 100, replies: LENGTH, pipeline: 1 })).messages;
    // No reply came to what these waited for; a few were due while no connection was open.
    expect(one.droppedBy.noReply).toBeGreaterThan(one.droppedBy.closed);
  });
});

test("answers on a connection that we have closed are unexpected", async () => {
  let replies = 0;
  const reply = (connection: Connection) => {
    if (connection.write("pong") > 0) replies += 1;
  };
  await using twice = await listen(
    { host: "127.0.0.1", halfOpen: true },
    {
      chunk(connection) {
        reply(connection);
        setTimeout(() => reply(connection), 80);
      },
      end: (connection) => void setTimeout(() => connection.end(), 150),
    },
  );
  const plan = { connections: 3, ratePerConnection: 10, channelLifetimeMs: 70, durationMs: 500, replies: LENGTH };
  const { messages, connections } = await runAgainst({ server: twice } as Target, plan);
  expect(connections.reopened).toBeGreaterThan(0);
  expect(messages.unexpected).toBeGreaterThan(0);
  expect([messages.received, messages.answered + messages.unexpected]).toEqual([replies, replies]);
  expect(messages.answered + messages.unanswered).toBe(messages.sent);
});

test("a server that never closes does not keep those that have had their lifetime", async () => {
  let reset = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // What is written to a connection that is closed is answered with a reset; one that is half open takes it.
    const talk = setInterval(() => socket.write("x"), 50);
    socket.resume().on("error", () => {
      clearInterval(talk);
      reset += 1;
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  let resetWhileSending = 0;
  const onSnapshot = ({ phase }: LoadSnapshot) => {
    if (phase === "send") resetWhileSending = reset;
  };
  const plan = { connections: 2, channelLifetimeMs: 100, durationMs: 2000, messages: [] };
  await runAgainst({ server: { port } } as Target, plan, { onSnapshot });
  expect(resetWhileSending).toBeGreaterThan(0);
  server.close();
});

test("messages that wait in a connection when it is reset were not sent, and have their own cause", async () => {
  await using unread = await target(undefined, {
    open: (connection) => {
      connection.pause();
      setTimeout(() => connection.reset(), 150);
    },
  });
  const messages = [{ kind: "file-bytes", bytes: new Uint8Array(4_000_000), first: false, unescape: false }] as const;
  const plan = { connections: 2, messages, ratePerConnection: 20, sendBufferBytes: 65_536, replies: LENGTH };
  const report = await runAgainst(unread, plan);
  const { planned, sent, dropped, droppedBy, unanswered } = report.messages;
  expect([sent + dropped, sent, unanswered, droppedBy.cut]).toEqual([planned, 0, 0, 2]);
});
