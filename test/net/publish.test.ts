import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectNode, type Socket } from "node:net";
import { type Connection, type Handler, type ListenOptions, listen, type Server } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const module = new URL("./publishing-handler.ts", import.meta.url);

let server: Server;
afterEach(() => server?.stop({ graceMs: 0 }));

/** Peers that have subscribed to `topic`, each on whichever event loop the kernel chose. */
async function subscribers(count: number, topic: string): Promise<Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => new Client(server.port).connected()));
  for (const client of clients) client.socket.write(`+${topic}\n`);
  await until(() => clients.every((client) => client.received === ".\n"));
  for (const client of clients) client.received = "";
  return clients;
}

const received = (clients: readonly Client[]) => clients.map((client) => client.received);

describe.each([1, 2])("on %i event loops", (workers) => {
  const start = async () => {
    server = await listen({ host: "127.0.0.1", workers }, module);
  };

  test("a message reaches each subscriber once, and not its publisher", async () => {
    await start();
    const clients = await subscribers(30, "news");
    await subscribers(5, "other");
    clients[0]!.socket.write("news one\n");
    await until(() => clients.slice(1).every((client) => client.received !== ""));
    clients[1]!.socket.write("news two\n");
    await until(
      () => clients[0]!.received !== "" && clients.slice(2).every(({ received: text }) => text.includes("two")),
    );
    expect(received(clients)).toEqual(["two\n", "one\n", ...new Array(28).fill("one\ntwo\n")]);
    // 35 in all: the other topic's five got nothing.
    expect(server.counts()).toMatchObject({ published: 58, publishedDropped: 0, subscriptions: 35 });
  });

  test("who unsubscribes or leaves gets nothing more", async () => {
    await start();
    const [one, two, three, four] = (await subscribers(4, "news")) as [Client, Client, Client, Client];
    two.socket.write("-news\n");
    three.socket.destroy();
    await until(() => two.received === ".\n" && server.counts().active === 3);
    one.socket.write("news hello\n");
    await until(() => four.received === "hello\n");
    expect(two.received).toBe(".\n");
    expect(server.counts().subscriptions).toBe(2);
  });

  test("each publisher's messages come in its order", async () => {
    await start();
    const clients = await subscribers(12, "news");
    const publishers = clients.slice(0, 3);
    for (let turn = 0; turn < 50; turn++) {
      for (const [index, publisher] of publishers.entries()) publisher.socket.write(`news ${index}:${turn}\n`);
      if (turn % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => clients.slice(3).every((client) => client.received.split("\n").length === 151));
    const inOrder = Array.from({ length: 50 }, (_, turn) => turn);
    for (const { received: text } of clients.slice(3)) {
      for (const index of [0, 1, 2]) {
        const own = text.split("\n").filter((line) => line.startsWith(`${index}:`));
        expect(own.map((line) => Number(line.slice(2)))).toEqual(inOrder);
      }
    }
  });

  test("the server itself publishes, to everybody", async () => {
    await start();
    const clients = await subscribers(10, "news");
    server.publish("news", "text");
    const bytes = Buffer.from("bytes");
    server.publish("news", bytes);
    bytes.fill(0);
    await until(() => clients.every((client) => client.received === "textbytes"));
    server.publish("nobody", "is there");
  });
});

/** A subscriber that reads nothing until told, and one that reads all; both of a server with small buffers. */
async function slowAndQuick(options: ListenOptions) {
  const opened: Connection[] = [];
  const closed: string[] = [];
  const handler: Handler = {
    open(connection) {
      opened.push(connection);
      connection.subscribe("news");
    },
    close: (_, reason) => closed.push(reason),
  };
  server = await listen(
    { host: "127.0.0.1", sendBufferBytes: 8192, writeQueueMaxBytes: 4_000_000, ...options },
    handler,
  );
  const slow: Socket = connectNode({ host: "127.0.0.1", port: server.port });
  slow.on("error", () => {}).pause();
  await until(() => opened.length === 1);
  const quick = await new Client(server.port).connected();
  await until(() => opened.length === 2);
  return { slow, quick, opened, closed };
}

const MESSAGE = 10_000;
const message = (index: number) => `${String(index).padStart(MESSAGE - 1)}\n`;

/** Publishes until `isEnough`, only as quickly as the quick one reads. @returns how many */
async function publishUntil(quick: Client, isEnough: () => boolean): Promise<number> {
  let count = 0;
  while (!isEnough()) {
    server.publish("news", message(count));
    count += 1;
    await until(() => quick.bytes === count * MESSAGE);
    if (count > 5000) throw new Error("the slow one is never full");
  }
  return count;
}

async function readAll(slow: Socket, last: (text: string) => boolean): Promise<number[]> {
  let text = "";
  slow.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  slow.resume();
  await until(() => last(text));
  expect(text.length % MESSAGE).toBe(0); // no message was cut
  return text.trim().split("\n").map(Number);
}

describe("a subscriber that does not read", () => {
  const maxQueuedBytes = 200_000;

  test("loses the oldest, and later gets the newest whole", async () => {
    const { slow, quick, opened } = await slowAndQuick({ subscribers: { maxQueuedBytes } });
    const count = await publishUntil(quick, () => server.counts().publishedDropped >= 50);
    // What waits is the mailbox, and the rest of one message that the kernel took a part of.
    expect(opened[0]!.queuedBytes).toBeLessThanOrEqual(maxQueuedBytes + MESSAGE);
    const got = await readAll(slow, (text) => text.endsWith(message(count - 1)));
    const gap = got.findIndex((number, index) => number !== index);
    expect(got.slice(gap)).toEqual(Array.from({ length: 20 }, (_, index) => count - 20 + index));
    expect(got.length).toBe(count - server.counts().publishedDropped);
  });

  test("loses the newest, and later gets all that came before", async () => {
    const { slow, quick, opened } = await slowAndQuick({ subscribers: { maxQueuedBytes, whenFull: "drop-newest" } });
    const count = await publishUntil(quick, () => server.counts().publishedDropped >= 50);
    expect(opened[0]!.queuedBytes).toBeLessThanOrEqual(maxQueuedBytes + MESSAGE);
    const kept = count - server.counts().publishedDropped;
    const got = await readAll(slow, (text) => text.endsWith(message(kept - 1)));
    expect(got).toEqual(Array.from({ length: kept }, (_, index) => index));
    server.publish("news", message(count)); // and takes part again
    await until(() => server.counts().publishedDropped === count - kept && quick.bytes === (count + 1) * MESSAGE);
  });

  test("is closed where that is the policy, and harms nobody", async () => {
    const { quick, opened, closed } = await slowAndQuick({ subscribers: { maxQueuedBytes, whenFull: "close" } });
    const count = await publishUntil(quick, () => closed.length > 0);
    expect(closed).toEqual(["slow-subscriber"]);
    expect([opened[0]!.queuedBytes, server.counts().writeQueueBytes, server.counts().subscriptions]).toEqual([0, 0, 1]);
    server.publish("news", message(count));
    await until(() => quick.bytes === (count + 1) * MESSAGE);
  });

  test("gets what it was written in between, and no message cut by it", async () => {
    const { slow, quick, opened } = await slowAndQuick({ subscribers: { maxQueuedBytes: 10_000_000 } });
    const count = await publishUntil(quick, () => opened[0]!.queuedBytes > 100_000);
    opened[0]!.write(message(-1));
    const got = await readAll(slow, (text) => text.length === (count + 1) * MESSAGE);
    expect(got.filter((number) => number !== -1)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(got).toContain(-1);
  });
});

test("topics are checked, and who has too many is told", async () => {
  const failures: string[] = [];
  const attempt = (what: () => void) => {
    try {
      what();
    } catch (error) {
      failures.push((error as Error).message);
    }
  };
  const handler: Handler = {
    open(connection) {
      for (const topic of ["", "x".repeat(257), "a", "b", "c"]) attempt(() => connection.subscribe(topic));
    },
  };
  server = await listen({ host: "127.0.0.1", subscribers: { maxTopics: 2 } }, handler);
  await new Client(server.port).connected();
  await until(() => failures.length === 3);
  expect(failures[2]).toContain('"c" as a connection may have 2 topics');
});

test("what is published is a copy: a caller that uses its Buffer again changes nothing that waits", async () => {
  const subscribe: Handler = { open: (connection) => connection.subscribe("news") };
  server = await listen({ host: "127.0.0.1", subscribers: { maxQueuedBytes: 64 << 20 } }, subscribe);
  const slow = await new Client(server.port).connected();
  slow.socket.pause();
  await until(() => server.counts().subscriptions === 1);
  const block = Buffer.alloc(1 << 20, "a");
  // As many as the kernel's buffers do not hold.
  for (let count = 0; count < 16; count++) server.publish("news", block);
  block.fill("b");
  let wrong = 0;
  slow.socket.on("data", (chunk) => { wrong += chunk.includes("b") ? 1 : 0; }); // biome-ignore format: one thought
  slow.socket.resume();
  await until(() => slow.bytes === 16 << 20);
  expect(wrong).toBe(0);
});

test("drain is told when the write queue is low, also where what waited in the mailbox filled it again", async () => {
  const queued: number[] = [];
  const handler: Handler = {
    open(connection) {
      connection.subscribe("news");
      connection.write(new Uint8Array(500_000));
      server.publish("news", new Uint8Array(200_000));
      expect(connection.full).toBe(true);
    },
    drain: (connection) => queued.push(connection.queuedBytes),
  };
  server = await listen({ host: "127.0.0.1", sendBufferBytes: 8192 }, handler);
  const client = new Client(server.port);
  await until(() => client.bytes === 700_000);
  expect(queued.length).toBe(1);
  expect(queued[0]!).toBeLessThanOrEqual(16 * 1024);
});

test("end sends what was written, then the messages that wait, then the FIN", async () => {
  const handler: Handler = {
    open(connection) {
      connection.subscribe("news");
      connection.write(new Uint8Array(900_000));
      server.publish("news", new Uint8Array(100_000));
      connection.end();
    },
  };
  server = await listen({ host: "127.0.0.1", sendBufferBytes: 8192 }, handler);
  const client = new Client(server.port);
  await until(() => client.ended);
  expect(client.bytes).toBe(1_000_000);
});

test("a worker whose loop is held up has no more on its way than it may, and the other misses nothing", async () => {
  const subscribers = { maxRelayedBytes: 200_000 };
  const stuck = new URL("./stuck-handler.ts", import.meta.url);
  server = await listen({ host: "127.0.0.1", workers: 2, subscribers }, stuck);
  // So many that both workers have some.
  const clients = await Promise.all(Array.from({ length: 16 }, () => new Client(server.port).connected()));
  await until(() => server.counts().subscriptions === 16);
  clients[0]?.socket.write("x");
  await until(() => server.counts().bytesRead === 1);
  const block = new Uint8Array(20_000);
  for (let count = 0; count < 100; count++) {
    const { published } = server.counts();
    server.publish("news", block);
    // The worker that is not held up took it.
    await until(() => server.counts().published > published);
  }
  expect(server.counts().publishedDropped).toBe(90);
  for (const client of clients) client.socket.destroy();
});
