import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createConnection, createServer, type Server as ForeignServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import fc from "fast-check";
import { type CloseReason, type Connection, connect, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { type PipeOptions, type PipeResult, pipe } from "../../src/net/stream/mod.ts";
import type { SocketOptions } from "../../src/net/types.ts";
import { lines } from "../../src/wire/mod.ts";
import { Client, until } from "./support.ts";

const LARGEST_CHUNK_BYTES = 512 * 1024;
const QUEUE = { halfOpen: true, writeQueueHighBytes: 64 * 1024, writeQueueLowBytes: 16 * 1024 };

/** Far ends on `node:net`, with tenk's pipe between: `left` ⇄ a ⇄ b ⇄ `right`. */
interface Bridge {
  left: Socket;
  right: Socket;
  a: Connection;
  b: Connection;
  results: PipeResult[];
  closes: string[];
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function bridge(
  options: SocketOptions = QUEUE,
  handler: Handler = {},
  pipeOptions: PipeOptions = {},
): Promise<Bridge> {
  const farServer: ForeignServer = createServer({ allowHalfOpen: true });
  farServer.listen(0, "127.0.0.1");
  await once(farServer, "listening");
  const { port } = farServer.address() as { port: number };
  const made = { results: [], closes: [] } as unknown as Bridge;
  const near: Server = await listen(
    { host: "127.0.0.1", ...options },
    {
      ...handler,
      async open(client) {
        client.pause();
        made.b = await connect({ port, ...options }, { close: (_, reason) => made.closes.push(`b ${reason}`) });
        made.a = client;
        pipe(client, made.b, { ...pipeOptions, onClose: (result) => made.results.push(result) });
      },
      close: (_, reason) => made.closes.push(`a ${reason}`),
    },
  );
  farServer.on("connection", (socket) => {
    socket.on("error", () => {});
    made.right = socket;
  });
  made.left = createConnection({ host: "127.0.0.1", port: near.port, allowHalfOpen: true });
  made.left.on("error", () => {});
  stops.push(async () => {
    made.left.destroy();
    made.right?.destroy();
    await near.stop({ graceMs: 0 });
    farServer.close();
  });
  await until(() => made.right !== undefined && made.a !== undefined);
  return made;
}

/** Byte number `position` of everything that a far end sends. */
const byteAt = (position: number) => (position * 31 + (position >> 8) + (position >> 16)) & 255;
const PATTERN = Uint8Array.from({ length: 1 << 24 }, (_, position) => byteAt(position));
const slicesOf = (from: number, length: number) => PATTERN.subarray(from % (1 << 24), (from % (1 << 24)) + length);

/** What one far end got. */
class Reader {
  bytes = 0;
  wrong = 0;
  ended = false;
  errorCode: string | undefined;
  closed = false;
  constructor(socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      const { bytes } = this;
      for (let at = 0; at < chunk.length; ) {
        const expected = slicesOf(bytes + at, Math.min(chunk.length - at, (1 << 24) - ((bytes + at) % (1 << 24))));
        if (Buffer.compare(chunk.subarray(at, at + expected.length), expected) !== 0) this.wrong += 1;
        at += expected.length;
      }
      this.bytes += chunk.length;
    });
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
  }
}

async function send(socket: Socket, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent += 1 << 18)
    if (!socket.write(slicesOf(sent, Math.min(1 << 18, total - sent)))) await once(socket, "drain");
}

describe("a pipe", () => {
  test("carries 64 MiB both ways past slow readers, in bounded memory", async () => {
    const total = 64 * 1024 * 1024;
    const { left, right, a, b, results } = await bridge();
    const readers = [new Reader(left), new Reader(right)];
    let most = 0;
    for (const socket of [left, right]) {
      let untilPause = 1 << 20;
      socket.on("data", (chunk: Buffer) => {
        most = Math.max(most, a.queuedBytes, b.queuedBytes);
        untilPause -= chunk.length;
        if (untilPause > 0) return;
        untilPause = 2 << 20;
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      });
    }
    await Promise.all([send(left, total).then(() => left.end()), send(right, total).then(() => right.end())]);
    await until(() => results.length === 1 && readers.every(({ ended }) => ended), 20_000);
    expect(readers).toMatchObject([
      { bytes: total, wrong: 0, ended: true },
      { bytes: total, wrong: 0, ended: true },
    ]);
    expect(results[0]).toMatchObject({ reason: "peer", cause: undefined, bytesForward: total, bytesBack: total });
    expect(most).toBeGreaterThan(64 * 1024); // it was slow enough to test anything
    expect(most).toBeLessThanOrEqual(64 * 1024 + LARGEST_CHUNK_BYTES);
  }, 30_000);

  test("goes on towards one side while the other side's write queue is full", async () => {
    const total = 32 * 1024 * 1024;
    const { left, right, b, results } = await bridge();
    const reader = new Reader(left);
    right.pause();
    const sending = send(left, total);
    await until(() => b.full);
    // A program that writes its whole answer before it reads on: each of two such would otherwise wait for the other.
    await send(right, total);
    right.end();
    await until(() => reader.ended);
    expect(b.full).toBe(true);
    expect(reader).toMatchObject({ bytes: total, wrong: 0 });
    right.resume();
    await sending;
    left.end();
    await until(() => results.length === 1);
    expect(results[0]).toMatchObject({ reason: "peer", side: "b", bytesForward: total });
  }, 15_000);

  test("any interleaving of sizes and pauses arrives byte for byte, both ways", async () => {
    const side = fc.constantFrom<"left" | "right">("left", "right");
    const size = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1000, max: 400_000 }));
    const step = fc.oneof(
      fc.record({ side, do: fc.constant("write" as const), size }),
      fc.record({ side, do: fc.constantFrom("pause" as const, "resume" as const, "turn" as const), size }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), side, async (steps, first) => {
      const made = await bridge({ ...QUEUE, sendBufferBytes: 8192, receiveBufferBytes: 8192 });
      const readers = { left: new Reader(made.left), right: new Reader(made.right) };
      const sent = { left: 0, right: 0 };
      for (const each of steps) {
        const socket = made[each.side];
        if (each.do === "write") {
          const bytes = Buffer.from(Uint8Array.from({ length: each.size }, (_, at) => byteAt(sent[each.side] + at)));
          socket.write(bytes);
          sent[each.side] += each.size;
        } else if (each.do === "turn") await new Promise((resolve) => setImmediate(resolve));
        else socket[each.do]();
      }
      made[first].end();
      made[first === "left" ? "right" : "left"].end();
      made.left.resume();
      made.right.resume();
      await until(() => made.results.length === 1 && readers.left.ended && readers.right.ended);
      expect(readers.right).toMatchObject({ bytes: sent.left, wrong: 0 });
      expect(readers.left).toMatchObject({ bytes: sent.right, wrong: 0 });
      expect(made.results[0]).toMatchObject({ reason: "peer", bytesForward: sent.left, bytesBack: sent.right });
      for (const stop of stops.splice(0)) await stop();
    });
    await fc.assert(property, { numRuns: Number(process.env.TENK_RUNS ?? 60) });
  }, 600_000);

  test.each([
    ["left", "right", "a"],
    ["right", "left", "b"],
  ] as const)("keeps the half-close of %s: %s answers afterwards", async (asking, answering, side) => {
    const made = await bridge();
    const readers = { left: new Reader(made.left), right: new Reader(made.right) };
    made[asking].end(slicesOf(0, 1000));
    await until(() => readers[answering].ended);
    expect(readers[answering]).toMatchObject({ bytes: 1000, wrong: 0 });
    expect(made.results).toEqual([]);
    await send(made[answering], 3_000_000);
    made[answering].end();
    await until(() => made.results.length === 1 && readers[asking].ended);
    expect(readers[asking]).toMatchObject({ bytes: 3_000_000, wrong: 0, errorCode: undefined });
    expect(made.results[0]).toMatchObject({ reason: "peer", side });
  });

  test.each([
    ["left", "right", "a"],
    ["right", "left", "b"],
  ] as const)("a reset of %s resets %s", async (resetting, other, side) => {
    const made = await bridge();
    const reader = new Reader(made[other]);
    made[resetting].write("hello");
    await until(() => reader.bytes === 5);
    made[resetting].resetAndDestroy();
    await until(() => made.results.length === 1 && reader.closed);
    expect(reader).toMatchObject({ ended: false, errorCode: "ECONNRESET" });
    expect(made.results[0]).toMatchObject({ reason: "reset", side, cause: { code: "ECONNRESET" } });
  });

  test("what waits for one side is delivered after the other finished", async () => {
    const { left, right, b, results } = await bridge();
    right.pause();
    left.end(slicesOf(0, 8_000_000));
    await until(() => b.full);
    const reader = new Reader(right);
    right.resume();
    await until(() => reader.ended);
    expect(reader).toMatchObject({ bytes: 8_000_000, wrong: 0 });
    right.end();
    await until(() => results.length === 1);
  });

  test("a side that we close leaves the other what it sent, and a FIN", async () => {
    const { left, right, a, b, results } = await bridge();
    right.pause();
    left.write(slicesOf(0, 8_000_000));
    await until(() => b.full);
    const { bytesRead } = a;
    a.close();
    const reader = new Reader(right);
    right.write("dropped, and no reason for a reset");
    right.resume();
    await until(() => reader.ended);
    expect(reader).toMatchObject({ bytes: bytesRead, wrong: 0 });
    right.end();
    await until(() => results.length === 1);
    expect(results[0]).toMatchObject({ reason: "handler", side: "a", bytesForward: bytesRead });
    expect(reader.errorCode).toBeUndefined();
  });

  test("bytes for a side that was ended reset their sender", async () => {
    const { left, right, a, results } = await bridge();
    const reader = new Reader(right);
    a.end();
    right.write("too late");
    await until(() => reader.closed);
    expect(reader.errorCode).toBe("ECONNRESET");
    right.destroy();
    left.destroy();
    await until(() => results.length === 1);
  });

  test("tells each former handler of its close, once, and then onClose", async () => {
    const made = await bridge();
    const order: string[] = made.closes;
    made.results.push = (result) => order.push(`result ${result.reason}`);
    made.left.resetAndDestroy();
    await until(() => order.length === 3);
    expect(order).toEqual(["b handler", "a reset", "result reset"]);
  });

  test.each([1000, 3_000_000])("loses nothing of %p bytes that come with the end of a TLS handshake", async (total) => {
    const place = join(import.meta.dirname, "fixtures/localhost-");
    const tls = { cert: `${place}cert.pem`, key: `${place}key.pem` };
    const got = { bytes: 0, ended: false };
    const far = await listen(
      { host: "127.0.0.1", halfOpen: true },
      {
        chunk: (_, bytes) => {
          got.bytes += bytes.length;
        },
        end: (connection) => {
          got.ended = true;
          connection.write("answer");
          connection.end();
        },
      },
    );
    const near = await listen(
      { host: "127.0.0.1", halfOpen: true, tls },
      {
        async open(client) {
          client.pause();
          const other = await connect({ host: "127.0.0.1", port: far.port, halfOpen: true }, {});
          await new Promise((resolve) => setTimeout(resolve, 20)); // what is under way comes meanwhile
          expect(got).toEqual({ bytes: 0, ended: false });
          pipe(client, other);
        },
      },
    );
    stops.push(() => Promise.all([near.stop({ graceMs: 0 }), far.stop({ graceMs: 0 })]));
    const client = tlsConnect({ port: near.port, host: "127.0.0.1", rejectUnauthorized: false });
    let answer = "";
    client.on("data", (chunk) => {
      answer += chunk;
    });
    client.end(slicesOf(0, total));
    await until(() => got.ended);
    expect(got.bytes).toBe(total);
    await until(() => answer === "answer");
    client.destroy();
  });

  test("counts a side that it resets under the reason it was given", async () => {
    const made = await bridge(QUEUE, {}, { failureReason: "target" });
    made.right.resetAndDestroy();
    await until(() => made.results.length === 1);
    expect(made.closes).toEqual(["a target", "b reset"]);
  });

  test("tells which side finished first, once", async () => {
    const finished: string[] = [];
    const made = await bridge(QUEUE, {}, { onFinish: (side) => finished.push(side) });
    made.right.end();
    await until(() => finished.length === 1);
    made.left.end();
    made.left.resume();
    made.right.resume();
    await until(() => made.results.length === 1);
    expect(finished).toEqual(["b"]);
  });

  test("a stop lets the pair go on until the grace is over, or asks the former handler", async () => {
    const asked: number[] = [];
    const made = await bridge(QUEUE, { shutdown: (_, graceMs) => asked.push(graceMs) });
    const reader = new Reader(made.right);
    const stopping = stops.pop()!();
    await until(() => made.results.length === 1);
    await stopping;
    expect(asked).toEqual([0]);
    expect(reader.errorCode).toBeUndefined();
  });

  test("of a connection with itself sends back what comes, and tells its end once", async () => {
    const results: PipeResult[] = [];
    const server = await listen(QUEUE, {
      open: (connection) => pipe(connection, connection, { onClose: (result) => results.push(result) }),
    });
    stops.push(() => server.stop({ graceMs: 0 }));
    const client = new Client(server.port, { allowHalfOpen: true });
    client.socket.end("hello");
    await until(() => client.ended && results.length > 0);
    expect([client.received, results]).toMatchObject(["hello", [{ reason: "peer", bytesForward: 5 }]]);
    expect(results).toHaveLength(1);
  });

  test("tells its end once, also where the half of a line that was kept for it ends it at once", async () => {
    const far = await listen(QUEUE, { end: (connection) => connection.end() });
    const target = await connect({ port: far.port, ...QUEUE }, {});
    target.pause();
    target.end();
    let client: Connection | undefined;
    const near = await listen(QUEUE, {
      framing: lines(),
      frame: (connection) => {
        client = connection;
      },
    });
    stops.push(
      () => near.stop({ graceMs: 0 }),
      () => far.stop({ graceMs: 0 }),
    );
    const { socket } = new Client(near.port);
    socket.write("connect\nhal");
    await until(() => client !== undefined);
    const results: PipeResult[] = [];
    pipe(client as Connection, target, { onClose: (result) => results.push(result) });
    await until(() => (client?.closed ?? false) && target.closed);
    expect(results).toMatchObject([{ side: "a", reason: "handler", bytesForward: 0 }]);
  });

  test("of a connection that is already closed finishes the other", async () => {
    const { left, right, a, b } = await bridge();
    const reader = new Reader(right);
    a.close();
    await until(() => left.destroyed || reader.ended);
    const results: PipeResult[] = [];
    const reasons: CloseReason[] = [];
    b.handler = { close: (_, reason) => reasons.push(reason) };
    pipe(a, b, { onClose: (result) => results.push(result) });
    await until(() => reader.ended);
    right.end();
    await until(() => results.length === 1);
    expect(reasons).toHaveLength(1);
    pipe(a, b, { onClose: (result) => results.push(result) });
    expect(results).toMatchObject([{ side: "a" }, { side: "a", reason: "peer" }]);
  });
});
