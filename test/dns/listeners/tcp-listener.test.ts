import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { Verdict } from "../../../src/dns/blocking/mod.ts";
import { CHAIN_COUNTS, Chain } from "../../../src/dns/chain/mod.ts";
import { type TcpListenerOptions, tcpListener } from "../../../src/dns/listeners/mod.ts";
import { LocalNames } from "../../../src/dns/local/mod.ts";
import { SpecialNames } from "../../../src/dns/special/mod.ts";
import { listen, type Server } from "../../../src/net/mod.ts";
import { blockerOf, guardThat } from "../chain/parts.ts";
import { queryBytes } from "../queries.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

type Reply = Parameters<TcpListenerOptions["missed"]>[2];

async function open(options: Partial<TcpListenerOptions> = {}) {
  const missed: { bytes: Uint8Array; reply: Reply }[] = [];
  const chain = new Chain({
    guard: guardThat(),
    special: new SpecialNames({ bypassSignals: true }),
    local: new LocalNames({ records: [], own: [], networks: [], ttlSeconds: 60 }),
    blocker: blockerOf(() => Verdict.none),
    cache: new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 }),
    counts: new Float64Array(CHAIN_COUNTS),
    blockMode: "null-address",
    blockTtlSeconds: 10,
  });
  const listener = tcpListener({
    chain: () => chain,
    missed: (bytes, _, reply) => missed.push({ bytes: bytes.slice(), reply }),
    aged: () => {},
    ...options,
  });
  const server = await listen({ host: "127.0.0.1", port: 0 }, listener);
  servers.push(server);
  return { server, missed };
}

function framed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([bytes.length >> 8, bytes.length & 255, ...bytes]);
}

/** A client that reads whole messages. */
async function client({ port }: Server) {
  const socket: Socket = connect(port, "127.0.0.1");
  let came = Buffer.alloc(0);
  let wake = () => {};
  let isOver = false;
  socket.on("data", (bytes: Buffer) => {
    came = Buffer.concat([came, bytes]);
    wake();
  });
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      isOver = true;
      wake();
    });
  }
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    socket,
    send: (bytes: Uint8Array) => void socket.write(bytes),
    /** The ID of the next answer; undefined at the end. */
    async next(): Promise<number | undefined> {
      for (;;) {
        const length = came.length < 2 ? Number.POSITIVE_INFINITY : came.readUint16BE(0) + 2;
        if (came.length >= length) {
          const id = came.readUint16BE(2);
          came = came.subarray(length);
          return id;
        }
        if (isOver) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const localhost = (id: number) => framed(queryBytes("localhost", "A", { id }));
const elsewhere = (id: number) => framed(queryBytes("www.example", "A", { id }));

/** An answer to a query: the same bytes with QR set. */
function answerTo(bytes: Uint8Array): Uint8Array {
  const answer = bytes.slice();
  answer[2]! |= 0x80;
  return answer;
}

describe("queries by TCP", () => {
  test("are answered one after the other on one connection", async () => {
    const { server } = await open();
    const { send, next } = await client(server);
    send(localhost(1));
    expect(await next()).toBe(1);
    send(localhost(2));
    expect(await next()).toBe(2);
  });

  test("that come together, or byte by byte, are the same queries", async () => {
    const { server } = await open();
    const { send, next, socket } = await client(server);
    socket.setNoDelay(true);
    send(Buffer.concat([1, 2, 3].map(localhost)));
    expect([await next(), await next(), await next()]).toEqual([1, 2, 3]);
    for (const byte of localhost(4)) send(Uint8Array.of(byte));
    expect(await next()).toBe(4);
  });

  test("are answered as soon as there is an answer, in whatever order", async () => {
    const { server, missed } = await open();
    const { send, next } = await client(server);
    send(Buffer.concat([elsewhere(1), elsewhere(2), localhost(3)]));
    expect(await next()).toBe(3);
    for (const { bytes, reply } of missed.toReversed()) reply(answerTo(bytes), bytes.length);
    expect([await next(), await next()]).toEqual([2, 1]);
  });

  test("wait in the kernel while as many as may wait are waiting", async () => {
    const { server, missed } = await open({ maxPending: 3 });
    const { send, next } = await client(server);
    send(Buffer.concat([1, 2, 3, 4, 5].map(elsewhere)));
    send(localhost(6));
    const ids: (number | undefined)[] = [];
    while (ids.length < 6) {
      while (missed.length === 0 && ids.length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(missed.length).toBeLessThanOrEqual(3);
      const { bytes, reply } = missed.shift() ?? {};
      if (reply !== undefined) reply(answerTo(bytes!), bytes!.length);
      ids.push(await next());
    }
    expect(ids.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("are answered after the client's FIN, then the connection ends", async () => {
    const { server } = await open();
    const { send, next, socket } = await client(server);
    send(localhost(1));
    socket.end();
    expect([await next(), await next()]).toEqual([1, undefined]);
  });

  test("end with as many as a connection may send", async () => {
    const { server } = await open({ maxQueries: 2 });
    const { send, next } = await client(server);
    send(Buffer.concat([1, 2, 3].map(localhost)));
    expect([await next(), await next(), await next()]).toEqual([1, 2, undefined]);
    const { server: other, missed } = await open({ maxQueries: 2 });
    const waiting = await client(other);
    waiting.send(Buffer.concat([1, 2, 3].map(elsewhere)));
    while (missed.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const { bytes, reply } of missed) reply(answerTo(bytes), bytes.length);
    expect([await waiting.next(), await waiting.next(), await waiting.next()]).toEqual([1, 2, undefined]);
    expect(missed).toHaveLength(2);
  });

  test("ten thousand together are answered in order, and no more", async () => {
    const { server } = await open();
    const { send, next } = await client(server);
    send(Buffer.concat(Array.from({ length: 10_001 }, (_, id) => localhost(id))));
    for (let id = 0; id < 10_000; id++) if ((await next()) !== id) throw new Error(`not ${id}`);
    expect(await next()).toBeUndefined();
  });

  test("of a client that reads no answers take a bounded memory: it is closed", async () => {
    const { server, missed } = await open({ maxPending: 1000 });
    const { socket, send, next } = await client(server);
    socket.pause();
    send(Buffer.concat(Array.from({ length: 500 }, (_, id) => elsewhere(id))));
    while (missed.length < 500) await new Promise((resolve) => setTimeout(resolve, 1));
    const long = new Uint8Array(65_535);
    let mostBytes = 0;
    for (const { bytes, reply } of missed) {
      long.set(answerTo(bytes));
      reply(long, long.length);
      mostBytes = Math.max(mostBytes, server.counts().writeQueueBytes);
    }
    expect(mostBytes).toBeLessThanOrEqual(2 << 20);
    while (server.counts().active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    socket.resume();
    while ((await next()) !== undefined);
  });

  test("of clients that leave in the middle of an answer harm nobody else", async () => {
    const { server, missed } = await open();
    for (let each = 0; each < 20; each++) {
      const { socket, send } = await client(server);
      send(elsewhere(each));
      while (missed.length <= each) await new Promise((resolve) => setTimeout(resolve, 1));
      const long = new Uint8Array(65_535);
      long.set(answerTo(missed[each]!.bytes));
      const first = new Promise((resolve) => socket.once("data", resolve));
      missed[each]!.reply(long, long.length);
      await first;
      if (each % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    const { send, next } = await client(server);
    send(localhost(7));
    expect(await next()).toBe(7);
    while (server.counts().active > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  });

  for (const [what, bytes] of [
    ["a scrap", Uint8Array.of(0, 3, 1, 2, 3)],
    ["nothing", Uint8Array.of(0, 0)],
    ["a response", framed(queryBytes("a.example", "A", { flags: 0x8180 }))],
  ] as const) {
    test(`${what} instead of a query ends the connection`, async () => {
      const { server } = await open();
      const { send, next } = await client(server);
      send(bytes);
      expect(await next()).toBeUndefined();
    });
  }

  test.each([
    ["silence", []],
    ["half a length", [0]],
    ["a length and silence", [0xff, 0xff]],
    ["half a query", [...localhost(1).subarray(0, 9)]],
  ])("%s ends the connection, also after a query", async (_, bytes) => {
    const { server } = await open({ idleMs: 150 });
    const one = await client(server);
    one.send(Uint8Array.from(bytes));
    expect(await one.next()).toBeUndefined();
    const other = await client(server);
    other.send(Uint8Array.from([...localhost(7), ...bytes]));
    expect([await other.next(), await other.next()]).toEqual([7, undefined]);
  });

  test("bytes that come one by one, and never make a query, end the connection too", async () => {
    const { server } = await open({ idleMs: 150 });
    const { send, next } = await client(server);
    send(Uint8Array.of(0xff, 0xff));
    const slowly = setInterval(() => send(Uint8Array.of(1)), 20);
    expect(await next()).toBeUndefined();
    clearInterval(slowly);
  });

  test("a query that waits longer than that for its answer keeps the connection", async () => {
    const { server, missed } = await open({ idleMs: 100 });
    const { send, next } = await client(server);
    send(elsewhere(5));
    while (missed.length === 0) await Bun.sleep(1);
    await Bun.sleep(350);
    missed[0]!.reply(answerTo(missed[0]!.bytes), missed[0]!.bytes.length);
    expect([await next(), await next()]).toEqual([5, undefined]);
  });

  test("an answer to a connection that is gone goes nowhere", async () => {
    const { server, missed } = await open();
    const { send, socket, next } = await client(server);
    send(elsewhere(1));
    while (missed.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    socket.resetAndDestroy();
    await next();
    while (server.counts().active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    missed[0]!.reply(answerTo(missed[0]!.bytes), missed[0]!.bytes.length);
    const other = await client(server);
    other.send(localhost(2));
    expect(await other.next()).toBe(2);
  });
});
