import { afterEach, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { type Connection, connect, type Handler, type ListenOptions, listen, type Server } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { fixed } from "../../src/wire/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dir, "fixtures", name);
const CERTIFICATE = { cert: fixture("localhost-cert.pem"), key: fixture("localhost-key.pem") };

interface Client {
  socket: Socket;
  bytes: number;
}
const servers: Server[] = [];
const clients: Client[] = [];
async function serve(handler: Handler | URL, options: ListenOptions): Promise<Server> {
  const server = await listen({ host: "127.0.0.1", ...options }, handler);
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

async function open(count: number, server: Server, tls = false): Promise<Client[]> {
  const to = { host: "127.0.0.1", port: server.port };
  const opened = Array.from({ length: count }, (): Client => {
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : createConnection(to);
    const client = { socket, bytes: 0 };
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      client.bytes += chunk.length;
    });
    return client;
  });
  clients.push(...opened);
  await until(() => opened.every(({ socket }) => !socket.connecting));
  return opened;
}

/** Sends as fast as the peer takes it, `bytes` in all. */
function flood(client: Client, bytes = Number.POSITIVE_INFINITY): void {
  const block = Buffer.alloc(64 * 1024);
  let left = bytes;
  const feed = () => {
    while (left > 0 && !client.socket.destroyed) {
      const size = Math.min(left, block.length);
      left -= size;
      if (!client.socket.write(block.subarray(0, size))) return;
    }
  };
  client.socket.on("drain", feed);
  feed();
}

/** Writes as fast as it may, `bytes` in all, to each connection. */
function fountain(bytes = Number.POSITIVE_INFINITY): Handler<{ left: number }> {
  const block = new Uint8Array(16 * 1024);
  const push = (connection: Connection<{ left: number }>) => {
    const { data } = connection;
    while (data.left > 0 && !connection.full && !connection.closed) {
      data.left -= connection.write(data.left < block.length ? block.subarray(0, data.left) : block);
    }
  };
  return {
    open(connection) {
      connection.data = { left: bytes };
      push(connection);
    },
    drain: push,
  };
}

/** What the kernels may hold of a connection in both directions beside what it is bounded to: one chunk or write. */
const CHUNK_BYTES = 512 * 1024;
/** A burst of 100 ms, and as much again for the tick that was due when the measuring began. */
const BURST_SECONDS = 0.2;

const read = (server: Server) => server.counts().bytesRead;
const written = (server: Server) => server.counts().bytesWritten;

/** What the kernel holds when a rate comes is read in one go, pause or not: the runtime reads up to eleven full chunks. */
const UNDER_WAY_BYTES = 12 * CHUNK_BYTES;

/** Waits until `enough` bytes moved since the start and holds what moved at every look against what rate and elapsed time allow. */
async function expectPaced(moved: () => number, rate: number, slack: number, enough: number): Promise<void> {
  const startMs = performance.now();
  const already = moved();
  await until(() => {
    const now = moved();
    const bound = rate * ((performance.now() - startMs) / 1000 + BURST_SECONDS) + slack;
    if (now - already > bound) expect(now - already).toBeLessThanOrEqual(bound);
    return now >= enough;
  }, 15_000);
}

test.each([false, true])(
  "eight connections that may read 200 kB/s each all get through, and none faster (tls %p)",
  async (tls) => {
    const limits = { readBytesPerSecond: 200_000 };
    const server = await serve({ chunk() {} }, { limits, ...(tls ? { tls: CERTIFICATE } : {}) });
    const opened = await open(8, server, tls);
    for (const client of opened) flood(client, 300_000);
    await expectPaced(() => read(server), 8 * 200_000, 8 * 100_000, 8 * 300_000);
    expect(server.counts().reads).toBeGreaterThan(8 * 2);
  },
);

test.each([false, true])("eight connections that are written 200 kB/s each get all, in order (tls %p)", async (tls) => {
  const limits = { writeBytesPerSecond: 200_000, stallMs: 60 };
  const server = await serve(fountain(300_000), { limits, ...(tls ? { tls: CERTIFICATE } : {}) });
  const opened = await open(8, server, tls);
  await expectPaced(() => written(server), 8 * 200_000, 8 * 16_384, 8 * 300_000);
  await until(() => opened.every((client) => client.bytes === 300_000));
  // Nobody stalled: the wait was ours, however short the deadline.
  expect(server.counts()).toMatchObject({ active: 8, closed: { stalled: 0 }, writeQueueBytes: 0 });
});

test("a total read rate is shared: four that send all they can get the same, one that sends little gets all of it read", async () => {
  const rate = 2_000_000;
  const perConnection = new Map<number, number>();
  const server = await serve(
    {
      chunk(connection, bytes) {
        perConnection.set(connection.id, (perConnection.get(connection.id) ?? 0) + bytes.length);
      },
    },
    { limits: { totalReadBytesPerSecond: rate } },
  );
  const [light] = await open(1, server);
  await until(() => server.counts().active === 1);
  const sent = Buffer.alloc(2000);
  light!.socket.write(sent);
  await until(() => perConnection.size === 1);
  const [lightId] = [...perConnection.keys()];
  for (const client of await open(4, server)) flood(client);
  let asked = sent.length;
  const timer = setInterval(() => {
    light!.socket.write(sent);
    asked += sent.length;
  }, 20);
  try {
    await expectPaced(() => read(server), rate, 4 * CHUNK_BYTES, 4 * rate);
  } finally {
    clearInterval(timer);
  }
  const greedy = [...perConnection].filter(([id]) => id !== lightId).map(([, bytes]) => bytes);
  expect(greedy.length).toBe(4);
  // A chunk that one of them read just before the end is no unfairness.
  expect(Math.max(...greedy) - CHUNK_BYTES).toBeLessThanOrEqual(1.2 * Math.min(...greedy));
  await until(() => perConnection.get(lightId!) === asked, 4000);
});

test("a total write rate is shared: four that write all they can get the same, one that writes little gets all of it written", async () => {
  const rate = 2_000_000;
  const greedy = fountain();
  const light: Handler = { chunk: (connection, bytes) => connection.write(bytes) };
  let count = 0;
  const server = await serve(
    {
      open(connection) {
        connection.handler = count === 0 ? light : (greedy as Handler);
        count += 1;
        connection.handler.open?.(connection);
      },
    },
    { limits: { totalWriteBytesPerSecond: rate } },
  );
  const [asking] = await open(1, server);
  await until(() => count === 1);
  const others = await open(4, server);
  let asked = 0;
  const timer = setInterval(() => {
    asking!.socket.write("x".repeat(1000));
    asked += 1000;
  }, 20);
  try {
    await expectPaced(() => written(server), rate, 0, 3 * rate);
  } finally {
    clearInterval(timer);
  }
  const moved = others.map((client) => client.bytes);
  expect(Math.max(...moved)).toBeLessThanOrEqual(1.2 * Math.min(...moved));
  await until(() => asking!.bytes === asked, 4000);
});

test("a rate set while running holds for open connections, another at once, and none at all is full speed again", async () => {
  const server = await serve({ chunk() {} }, {});
  const [client] = await open(1, server);
  flood(client!);
  await until(() => read(server) > 20_000_000);
  server.update({ readBytesPerSecond: 100_000 });
  await expectPaced(() => read(server), 100_000, UNDER_WAY_BYTES, read(server) + 1);
  server.update({ readBytesPerSecond: 1_000_000_000 });
  await expectPaced(() => read(server), 1_000_000_000, UNDER_WAY_BYTES, read(server) + 5_000_000);
  server.update({ readBytesPerSecond: 1 });
  await expectPaced(() => read(server), 1, UNDER_WAY_BYTES, read(server) + 1);
  server.update({ readBytesPerSecond: 0 });
  const before = read(server);
  await until(() => read(server) - before > 50_000_000, 8000);
});

test("what waits for bandwidth is written when the rate is gone, and reading goes on", async () => {
  const server = await serve(
    { chunk: (connection, bytes) => connection.write(bytes) },
    {
      limits: { writeBytesPerSecond: 100, idleMs: 100 },
    },
  );
  const [client] = await open(1, server);
  client!.socket.write("x".repeat(40_000));
  await until(() => server.counts().writeQueueBytes > 39_000);
  // Longer than idleMs: what waits for us is not idle. 100 bytes a second come.
  await until(() => client!.bytes > 40);
  expect(server.counts().active).toBe(1);
  server.update({ writeBytesPerSecond: 0, idleMs: 0 });
  await until(() => client!.bytes === 40_000);
  client!.socket.write("y");
  await until(() => client!.bytes === 40_001);
});

test("a peer that reads nothing is closed as stalled though its rate is limited: that wait is not ours", async () => {
  const server = await serve(fountain(), { limits: { writeBytesPerSecond: 500_000_000, stallMs: 200 } });
  const [client] = await open(1, server);
  client!.socket.pause();
  await until(() => server.counts().closed.stalled === 1);
});

test("a pause of the handler and one for bandwidth do not undo each other, and frames read already are given", async () => {
  let bytes = 0;
  let ours: Connection | undefined;
  const handler: Handler = {
    framing: fixed(10),
    open(connection) {
      ours = connection;
    },
    frame(_, frame) {
      bytes += frame.length;
    },
  };
  const server = await serve(handler, { limits: { totalReadBytesPerSecond: 10 } });
  const [client] = await open(1, server);
  client!.socket.write("x".repeat(150));
  // It owes 14 s by now; no frame of what is read waits for that.
  await until(() => bytes === 150, 7000);
  server.update({ totalReadBytesPerSecond: 1000 });
  ours!.pause();
  client!.socket.write("y".repeat(50));
  await until(() => client!.socket.bytesWritten === 200);
  // Bandwidth comes back at a tick or two; the handler's pause stands.
  const startMs = performance.now();
  await until(() => performance.now() - startMs > 150);
  expect(bytes).toBe(150);
  ours!.resume();
  await until(() => bytes === 200);
});

test("TLS to a peer that stops and starts reading arrives whole, though pacing and a full kernel take turns", async () => {
  const total = 3_000_000;
  const server = await serve(fountain(total), {
    limits: { writeBytesPerSecond: 20_000_000, totalWriteBytesPerSecond: 10_000_000 },
    tls: CERTIFICATE,
    sendBufferBytes: 8192,
  });
  const [client] = await open(1, server, true);
  let turn = 0;
  await until(() => {
    turn += 1;
    if (turn % 7 === 0) client!.socket.pause();
    else client!.socket.resume();
    return client!.bytes === total;
  }, 8000);
  expect(server.counts()).toMatchObject({ active: 1, bytesWritten: total, writeQueueBytes: 0 });
});

test("workers share the total rate, and together keep to it", async () => {
  const rate = 400_000;
  // A connection begins with what the kernel took before it was bounded: on a busy machine more and more, were it left to it.
  const limits = { totalReadBytesPerSecond: rate };
  const server = await serve(HANDLERS.sink.url, { workers: 2, receiveBufferBytes: 65_536, limits });
  for (const client of await open(6, server)) flood(client);
  await expectPaced(() => read(server), rate, (6 * CHUNK_BYTES) / 4, 3.5 * rate);
  server.update({ totalReadBytesPerSecond: 0 });
  await until(() => read(server) > 50 * rate);
});

test("who owes what it read is not idle while it is not read", async () => {
  const server = await serve({ chunk() {} }, { limits: { totalReadBytesPerSecond: 20_000, idleMs: 100 } });
  const [client] = await open(1, server);
  client!.socket.write(Buffer.alloc(20_000));
  await until(() => read(server) === 20_000);
  const startMs = performance.now();
  await until(() => performance.now() - startMs > 500);
  expect(server.counts().active).toBe(1);
  await until(() => server.counts().closed.idle === 1);
  expect(performance.now() - startMs).toBeGreaterThan(800);
});

test("the kernel is not left to hold seconds of a slow rate: chunks stay small, so that they come often", async () => {
  let largest = 0;
  const handler: Handler = {
    chunk(_, bytes) {
      largest = Math.max(largest, bytes.length);
    },
  };
  const server = await serve(handler, { limits: { readBytesPerSecond: 400_000 } });
  const [client] = await open(1, server);
  flood(client!);
  await until(() => read(server) > 800_000);
  expect(largest).toBeLessThan(300_000);
});

test("a slower rate while TLS waits for the kernel breaks no record", async () => {
  const total = 3_000_000;
  const server = await serve(fountain(total), {
    limits: { writeBytesPerSecond: 500_000_000 },
    tls: CERTIFICATE,
    sendBufferBytes: 8192,
  });
  const [client] = await open(1, server, true);
  client!.socket.pause();
  let before = -1;
  // Nothing more goes out: a record waits for the kernel.
  await until(() => {
    const stuck = written(server) > 0 && written(server) === before && server.counts().writeQueueBytes > 0;
    before = written(server);
    return stuck;
  });
  server.update({ writeBytesPerSecond: 5000 });
  client!.socket.resume();
  await until(() => written(server) > before);
  server.update({ writeBytesPerSecond: 0 });
  await until(() => client!.bytes === total);
});

test("a connection that we open keeps to its rates, too", async () => {
  const server = await serve({ chunk() {} }, {});
  const limits = { writeBytesPerSecond: 200_000 };
  const connection = await connect({ port: server.port, limits, writeQueueMaxBytes: 1_000_000 }, {});
  connection.write(new Uint8Array(150_000));
  connection.end();
  await expectPaced(() => read(server), 200_000, 0, 150_000);
  await until(() => server.counts().closed.peer === 1);
});
