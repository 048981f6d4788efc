import { describe, expect, test } from "bun:test";
import { connect as plainConnect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Connection, type Handler, lines } from "../../src/mod.ts";
import { connect, type ListenOptions, listen } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const TLS = { cert: fixture("first-cert"), key: fixture("first-key") };

const serve = (handler: Handler, options: ListenOptions = {}) => listen({ host: "127.0.0.1", ...options }, handler);

function visit(port: number, isSecure: boolean): Socket {
  const options = { port, host: "127.0.0.1", allowHalfOpen: true };
  const socket = isSecure ? tlsConnect({ ...options, rejectUnauthorized: false }) : plainConnect(options);
  return socket.on("error", () => {});
}

describe.each([
  ["in the clear", false],
  ["under TLS", true],
] as const)("finish() %s", (_, isSecure) => {
  const secured = isSecure ? { tls: TLS } : {};

  test("answers a peer that goes on sending, discards what it sends, and ends in bounded time", async () => {
    let finishedMs = 0;
    let chunks = 0;
    const handler: Handler = {
      chunk(connection) {
        chunks += 1;
        connection.pause();
        connection.write("413");
        connection.finish(300, "bad-frame");
        finishedMs = performance.now();
      },
    };
    await using server = await serve(handler, { halfOpen: true, ...secured });
    const client = visit(server.port, isSecure);
    let answer = "";
    client.on("data", (bytes) => { answer += bytes; }); // biome-ignore format: one thought
    const block = new Uint8Array(64 * 1024);
    const flood = () => {
      while (!client.destroyed && client.write(block));
    };
    client.on("drain", flood);
    flood();
    await until(() => answer === "413");
    const { bytesRead } = server.counts();
    await until(() => server.counts().bytesRead > bytesRead + 10 * block.length);
    await until(() => server.counts().active === 0);
    const tookMs = performance.now() - finishedMs;
    expect(tookMs).toBeGreaterThan(299);
    expect(tookMs).toBeLessThan(4500);
    expect([chunks, server.counts().closed["bad-frame"]]).toEqual([1, 1]);
    client.destroy();
  });

  test("closes at the peer's FIN, which a pause would hide, and before its time", async () => {
    await using server = await serve(
      {
        chunk(connection) {
          connection.pause();
          connection.finish(60_000);
        },
      },
      { halfOpen: true, ...secured },
    );
    const client = visit(server.port, isSecure);
    client.on("data", () => {});
    client.write("hi");
    client.once("end", () => client.end());
    await until(() => server.counts().closed.handler === 1);
  });

  test("sends an answer whole that is longer than its time", async () => {
    const answer = new Uint8Array(6_000_000).fill(7);
    await using server = await serve(
      {
        chunk(connection) {
          connection.write(answer);
          connection.finish(20);
        },
      },
      { writeQueueMaxBytes: 8_000_000, ...secured },
    );
    const client = visit(server.port, isSecure);
    let received = 0;
    let isEnded = false;
    client.on("end", () => { isEnded = true; }); // biome-ignore format: one thought
    client.write("all of it");
    client.pause();
    await until(() => server.counts().writes === 1);
    await Bun.sleep(200);
    expect(server.counts().active).toBe(1);
    client.on("data", (bytes) => { received += bytes.length; }); // biome-ignore format: one thought
    client.resume();
    await until(() => isEnded);
    expect(received).toBe(answer.length);
    client.end();
  });
});

test("a peer that takes a little now and then does not prolong the wait, and still gets everything", async () => {
  const answer = new Uint8Array(150_000).fill(7);
  let finishedMs = 0;
  let queued = -1;
  await using server = await serve(
    {
      open(connection) {
        connection.write(answer);
        queued = connection.queuedBytes;
        connection.finish(600);
        finishedMs = performance.now();
      },
    },
    { sendBufferBytes: 400_000 },
  );
  let received = 0;
  let isHurried = false;
  let isEnded = false;
  const client = await connect(
    { host: "127.0.0.1", port: server.port, receiveBufferBytes: 8192, halfOpen: true },
    {
      chunk(connection, bytes) {
        received += bytes.length;
        if (!isHurried) connection.pause();
      },
      end() {
        isEnded = true;
      },
    },
  );
  const sips = setInterval(() => client.resume(), 150);
  await until(() => server.counts().closed.handler === 1);
  clearInterval(sips);
  expect([queued, received > 0, received < answer.length / 2]).toEqual([0, true, true]);
  // At the pace of the sips it would take much longer.
  expect(performance.now() - finishedMs).toBeLessThan(4500);
  isHurried = true;
  client.resume();
  await until(() => isEnded);
  expect(received).toBe(answer.length);
  client.close();
});

test("the handler gets `expired` and `close`, and nothing else", async () => {
  const calls: string[] = [];
  let ours: Connection | undefined;
  const note = (name: string) => () => void calls.push(name);
  await using server = await serve(
    {
      open(connection) {
        ours = connection;
        connection.write(new Uint8Array(1_000_000));
        connection.finish(60_000);
        connection.deadline(50);
      },
      chunk: note("chunk"),
      drain: note("drain"),
      end: note("end"),
      shutdown: note("shutdown"),
      expired: note("expired"),
      close: note("close"),
    },
    { halfOpen: true, sendBufferBytes: 16_384, writeQueueMaxBytes: 2_000_000 },
  );
  const client = new Client(server.port, { allowHalfOpen: true });
  client.socket.pause();
  await until(() => ours !== undefined);
  expect([ours?.full, ours?.write("more")]).toEqual([true, 0]);
  client.socket.write("nobody reads this");
  await until(() => server.counts().bytesRead === 17 && calls.length === 1);
  client.socket.resume();
  client.socket.end();
  await until(() => client.ended);
  await until(() => server.counts().active === 0);
  expect(calls).toEqual(["expired", "close"]);
  expect(client.bytes).toBe(1_000_000);
});

test.each([
  ["finish", (connection: Connection) => connection.finish(60_000)],
  ["end", (connection: Connection) => connection.end()],
])("after %s() frames that a pause kept do not hide the peer's FIN", async (_, leave) => {
  let ours: Connection | undefined;
  const frames: number[] = [];
  await using server = await serve({
    framing: lines(),
    frame(connection, line) {
      frames.push(line.length);
      ours = connection;
      connection.pause();
    },
  });
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  client.socket.write("one\ntwo\nthree\n");
  await until(() => ours !== undefined);
  leave(ours!);
  client.socket.end("four\n");
  await until(() => server.counts().active === 0);
  expect([frames, server.counts().closed.handler]).toEqual([[3], 1]);
});

test("finish() after end() bounds the wait for the peer's FIN, and a wrong time is refused", async () => {
  let ours: Connection | undefined;
  await using server = await serve(
    {
      open(connection) {
        ours = connection;
        connection.end();
      },
    },
    { halfOpen: true },
  );
  const client = new Client(server.port, { allowHalfOpen: true });
  await until(() => client.ended);
  expect(() => ours!.finish(-1)).toThrow("lingerMs");
  expect(ours!.closed).toBe(false);
  ours!.finish(50);
  await until(() => server.counts().closed.handler === 1);
});
