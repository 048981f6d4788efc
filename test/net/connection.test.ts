import { afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import {
  type CloseReason,
  type Connection,
  type Handler,
  type ListenOptions,
  listen,
  type Server,
} from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const servers: Server[] = [];
async function serve(handler: Handler, options: ListenOptions = {}): Promise<Server> {
  const server = await listen({ host: "127.0.0.1", ...options }, handler);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

test("chunks come in, writes go out, and both are counted on the connection and on the listener", async () => {
  let seen: Connection | undefined;
  const server = await serve({
    chunk(connection, bytes) {
      seen = connection;
      expect(connection.write(bytes)).toBe(bytes.length);
    },
  });
  const client = await new Client(server.port).connected();
  client.socket.write("ping");
  await until(() => client.received === "ping");
  expect(seen).toMatchObject({ bytesRead: 4, bytesWritten: 4, queuedBytes: 0, remoteAddress: "127.0.0.1" });
  expect(seen?.remotePort).toBe(client.socket.localPort!);
  expect(seen?.localPort).toBe(server.port);
  expect(server.counts()).toMatchObject({
    active: 1,
    accepted: 1,
    bytesRead: 4,
    bytesWritten: 4,
    reads: 1,
    writes: 1,
  });
});

test("data is typed and the connection's own", async () => {
  const sums: number[] = [];
  const handler: Handler<{ sum: number }> = {
    open: (connection) => {
      connection.data = { sum: 0 };
    },
    chunk: (connection, bytes) => {
      connection.data.sum += bytes.length;
    },
    close: (connection) => sums.push(connection.data.sum),
  };
  const server = await listen({ host: "127.0.0.1" }, handler);
  servers.push(server);
  const clients = await Promise.all([1, 2].map(() => new Client(server.port).connected()));
  clients[0]?.socket.end("abc");
  clients[1]?.socket.end("defgh");
  await until(() => sums.length === 2);
  expect(sums.sort()).toEqual([3, 5]);
});

test("what the kernel refuses waits in the write queue, pauses reading above the high mark and drains in order", async () => {
  const total = 24 * 1024 * 1024;
  let connection: Connection | undefined;
  let drains = 0;
  let written = 0;
  const block = new Uint8Array(256 * 1024);
  const push = (to: Connection) => {
    while (written < total && !to.full) {
      block.fill((written / block.length) % 251);
      written += to.write(block);
    }
    if (written === total) to.end();
  };
  const server = await serve({
    open: (opened) => {
      connection = opened;
      push(opened);
    },
    drain: (drained) => {
      drains += 1;
      push(drained);
    },
  });
  const client = new Client(server.port);
  client.socket.pause();
  await until(() => connection?.full === true);
  expect(connection?.queuedBytes).toBeGreaterThan(64 * 1024);
  expect(server.counts().writeQueueBytes).toBe(connection!.queuedBytes);
  let position = 0;
  let wrong = 0;
  client.socket.on("data", (chunk) => {
    for (let index = 0; index < chunk.length; index += 997) {
      if (chunk[index] !== Math.floor((position + index) / block.length) % 251) wrong += 1;
    }
    position += chunk.length;
  });
  client.socket.resume();
  await until(() => client.closed);
  expect([client.bytes, wrong]).toEqual([total, 0]);
  expect(drains).toBeGreaterThan(0);
  expect(server.counts()).toMatchObject({ drains, writeQueueBytes: 0, bytesWritten: total });
});

test("a reader that never reads is closed with write-queue-full when the handler writes on regardless", async () => {
  const ends: [CloseReason, number][] = [];
  let refused = -1;
  const server = await serve(
    {
      open(connection) {
        const block = new Uint8Array(64 * 1024);
        while (connection.write(block) > 0);
        refused = connection.write(block);
      },
      close: (connection, reason) => ends.push([reason, connection.queuedBytes]),
    },
    { writeQueueMaxBytes: 512 * 1024 },
  );
  const client = new Client(server.port);
  client.socket.pause();
  await until(() => ends.length === 1);
  expect(ends).toEqual([["write-queue-full", 0]]);
  expect(refused).toBe(0);
  expect(server.counts()).toMatchObject({ active: 0, writeQueueBytes: 0, closed: { "write-queue-full": 1 } });
});

test("an echo peer that never reads is read no further than the marks, then closed as stalled", async () => {
  let most = 0;
  const server = await serve(
    {
      chunk(connection, bytes) {
        connection.write(bytes);
        most = Math.max(most, connection.queuedBytes);
      },
    },
    { limits: { stallMs: 200 } },
  );
  const client = await new Client(server.port).connected();
  client.socket.pause();
  const block = Buffer.alloc(1024 * 1024);
  const feed = () => {
    if (!client.closed && client.socket.write(block)) setImmediate(feed);
  };
  client.socket.on("drain", feed);
  feed();
  await until(() => server.counts().closed.stalled === 1);
  expect(most).toBeLessThan(64 * 1024 + 1024 * 1024);
  expect(server.counts().active).toBe(0);
});

test("pause stops chunks, resume delivers what waited", async () => {
  let connection: Connection | undefined;
  let got = "";
  const server = await serve({
    open: (opened) => {
      opened.pause();
      connection ??= opened;
    },
    chunk: (_, bytes) => {
      got += new TextDecoder().decode(bytes);
    },
  });
  const client = await new Client(server.port).connected();
  client.socket.write("later");
  await until(() => connection !== undefined && client.socket.bytesWritten === 5);
  const other = await new Client(server.port).connected(); // a whole turn of the loop, seen from outside
  await until(() => server.counts().accepted === 2);
  expect(got).toBe("");
  connection?.resume();
  await until(() => got === "later");
  other.socket.destroy();
});

test("with halfOpen the handler may answer after the peer's FIN", async () => {
  const server = await serve(
    {
      end(connection) {
        connection.write("after your FIN");
        connection.end();
      },
    },
    { halfOpen: true },
  );
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  client.socket.end("question");
  await until(() => client.closed);
  expect([client.received, client.errorCode]).toEqual(["after your FIN", undefined]);
  await until(() => server.counts().active === 0);
});

test("a half-open connection outlives our FIN for as long as the peer goes on", async () => {
  let got = "";
  const server = await serve(
    { open: (connection) => connection.end(), chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); } }, // biome-ignore format: one thought
    { halfOpen: true, limits: { lifetimeMs: 600 } },
  );
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  await until(() => client.ended);
  client.socket.write("after your FIN");
  await until(() => got === "after your FIN");
  await until(() => server.counts().closed.lifetime === 1);
});

test("end() sends everything before FIN although the peer's bytes were never read", async () => {
  const answer = "x".repeat(3_000_000);
  const server = await serve(
    {
      open(connection) {
        connection.pause();
        connection.write(answer);
        connection.end();
        expect(connection.write("too late")).toBe(0);
      },
    },
    { writeQueueMaxBytes: 4_000_000 },
  );
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  client.socket.write("y".repeat(100_000));
  await until(() => client.ended);
  client.socket.end();
  expect([client.bytes, client.errorCode]).toEqual([answer.length, undefined]);
  await until(() => server.counts().closed.handler === 1);
});

describe("every end has its reason, counted once", () => {
  const cases: [CloseReason, Handler, ListenOptions, (client: Client) => void][] = [
    ["peer", {}, {}, (client) => client.socket.end()],
    ["reset", {}, {}, (client) => client.socket.resetAndDestroy()],
    ["handler", { open: (connection) => connection.close() }, {}, () => {}],
    ["handler", { open: (connection) => connection.reset() }, {}, () => {}],
    ["idle", {}, { limits: { idleMs: 60 } }, (client) => client.socket.write("x")],
    ["first-byte", {}, { limits: { firstByteMs: 60 } }, () => {}],
    ["lifetime", {}, { limits: { lifetimeMs: 60 } }, (client) => client.socket.write("x")],
    ["handler-error", { chunk: () => { throw new Error("a bug"); } }, {}, (client) => client.socket.write("x")], // biome-ignore format: a table
    ["handler-error", { chunk: async () => { throw new Error("a bug"); } }, {}, (client) => client.socket.write("x")], // biome-ignore format: a table
    ["handler-error", { open: () => Promise.reject(new Error("a bug")) }, {}, () => {}],
  ];
  test.each(cases)("%s", async (reason, handler, options, provoke) => {
    const ends: CloseReason[] = [];
    const server = await serve({ ...handler, close: (_, why) => ends.push(why) }, options);
    const client = await new Client(server.port).connected();
    client.socket.on("error", () => {});
    provoke(client);
    await until(() => ends.length > 0);
    await until(() => client.closed);
    expect(ends).toEqual([reason]);
    const counts = server.counts();
    expect(counts.closed[reason]).toBe(1);
    expect(Object.values(counts.closed).reduce((a, b) => a + b)).toBe(1);
    expect(counts.handlerErrors).toBe(reason === "handler-error" ? 1 : 0);
  });
});

test("a bug in one connection's handler leaves the others alone", async () => {
  const server = await serve({
    chunk(connection, bytes) {
      if (bytes[0] === 33) throw new Error("a bug");
      connection.write(bytes);
    },
  });
  const [good, bad] = await Promise.all([new Client(server.port).connected(), new Client(server.port).connected()]);
  bad.socket.write("!");
  await until(() => bad.closed);
  good.socket.write("still here");
  await until(() => good.received === "still here");
});

test("a Unix socket serves as a port does, by path and in the abstract space", async () => {
  for (const path of [`${process.env.TMPDIR ?? "/tmp"}/tenk-${process.pid}.sock`, `\0tenk-${process.pid}`]) {
    const server = await serve({ chunk: (connection, bytes) => connection.write(bytes) }, { path });
    const client = new Client(0, { path } as never);
    client.socket.write("over unix");
    await until(() => client.received === "over unix");
    client.socket.destroy();
    await server.stop({ graceMs: 0 });
  }
});

test("IPv6 is served and named", async () => {
  const server = await serve({ chunk: (connection) => connection.write(connection.remoteAddress) }, { host: "::1" });
  const client = await new Client(server.port, { host: "::1" }).connected();
  client.socket.write("who?");
  await until(() => client.received === "::1");
  expect(server.address).toBe(`[::1]:${server.port}`);
});

test("how long connections lasted, and how long their first byte took, is counted in buckets", async () => {
  await using server = await listen({ host: "127.0.0.1" }, {});
  const [quick, silent] = [await new Client(server.port).connected(), await new Client(server.port).connected()];
  quick.socket.write("a");
  quick.socket.write("b");
  await until(() => server.counts().bytesRead === 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  for (const client of [quick, silent]) client.socket.end();
  await until(() => server.counts().active === 0);
  const { lifetimes, firstBytes } = server.counts();
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  expect(total(firstBytes.counts)).toBe(1);
  expect(total(lifetimes.counts)).toBe(2);
  expect(lifetimes.counts).toHaveLength(lifetimes.boundsSeconds.length + 1);
  // Both were open for the 30 ms above: not in the first bucket, whose bound is 10 ms.
  expect(lifetimes.counts[0]).toBe(0);
  expect(lifetimes.sumSeconds).toBeGreaterThan(0.059);
  expect(firstBytes.sumSeconds).toBeLessThan(lifetimes.sumSeconds);
});

test("a large answer to a peer that has reset meanwhile ends the connection, and does not wait for it to stall", async () => {
  let taken: number | undefined;
  const server = await listen(
    { host: "127.0.0.1", limits: { stallMs: 0 } },
    {
      chunk(connection) {
        // Until its reset is here, which the write then meets first.
        const untilMs = performance.now() + 200;
        while (performance.now() < untilMs);
        taken = connection.write(new Uint8Array(80_000));
      },
    },
  );
  const script = `const s = require("net").connect(${server.port}, "127.0.0.1", () => { s.write("x"); setTimeout(() => s.resetAndDestroy(), 50); });`;
  const peer = spawn("node", ["-e", script]);
  await until(() => server.counts().closed.reset === 1);
  expect(taken).toBe(0);
  expect(server.counts()).toMatchObject({ active: 0, writeQueueBytes: 0 });
  peer.kill();
  await server.stop();
});
