import { expect, test } from "bun:test";
import { connect as plainConnect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Handler, type ListenOptions, listen } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const TLS = { cert: fixture("first-cert"), key: fixture("first-key") };
const module = new URL("./deadline-handler.ts", import.meta.url);

const serve = (handler: Handler, options: ListenOptions = {}) => listen({ host: "127.0.0.1", ...options }, handler);

/** A client that keeps its side open, and what it got and when. */
function visit(port: number, isSecure: boolean): { socket: Socket; seen: { text: string; endedMs: number } } {
  const options = { port, host: "127.0.0.1", allowHalfOpen: true };
  const socket = isSecure ? tlsConnect({ ...options, rejectUnauthorized: false }) : plainConnect(options);
  const seen = { text: "", endedMs: 0 };
  socket.on("data", (bytes) => { seen.text += bytes; }); // biome-ignore format: one thought
  socket.on("end", () => { seen.endedMs = performance.now(); }); // biome-ignore format: one thought
  socket.on("error", () => {});
  return { socket, seen };
}

test.each([
  ["one event loop", {}],
  ["one event loop under TLS", { tls: TLS }],
  ["two workers", { workers: 2 }],
  ["two workers under TLS", { workers: 2, tls: TLS }],
] as const)("on %s each message moves the deadline, and `expired` may still answer", async (_, options) => {
  await using server = await listen({ host: "127.0.0.1", ...options }, module);
  const visits = Array.from({ length: 4 }, () => visit(server.port, "tls" in options));
  let lastMs = 0;
  // Four messages of 50 ms each: together longer than the deadline.
  for (const [index] of [1, 2, 3, 4].entries()) {
    await until(() => visits.every(({ seen }) => seen.text.length === index));
    await Bun.sleep(50);
    lastMs = performance.now();
    for (const { socket } of visits) socket.write("x");
  }
  await until(() => visits.every(({ seen }) => seen.endedMs > 0));
  for (const { socket, seen } of visits) {
    expect(seen.text).toBe("xxxxtoo late");
    expect(seen.endedMs - lastMs).toBeGreaterThan(99);
    socket.end();
  }
  await until(() => server.counts().active === 0);
  expect(server.counts().closed.idle).toBe(4);
});

test("a deadline can be ended, and one that is not the nearest waits for its time", async () => {
  const expired: number[] = [];
  const delays = [60, 0, 300];
  const handler: Handler = {
    open(connection) {
      connection.deadline(30);
      connection.deadline(delays.shift()!);
    },
    expired: (connection) => expired.push(connection.id),
  };
  await using server = await serve(handler);
  const clients = [];
  for (let count = 1; count <= 3; count++) {
    clients.push(await new Client(server.port).connected());
    await until(() => server.counts().active === count);
  }
  await until(() => expired.length === 2);
  expect(expired[0]! < expired[1]!).toBe(true);
  expect(server.counts().active).toBe(3);
});

test("`expired` is called once for each deadline, also one that it sets itself", async () => {
  const atMs: number[] = [];
  await using server = await serve({
    open: (connection) => connection.deadline(60),
    expired(connection) {
      atMs.push(performance.now());
      if (atMs.length < 3) connection.deadline(60);
      else connection.close();
    },
  });
  const client = await new Client(server.port).connected();
  await until(() => client.closed);
  expect(atMs).toHaveLength(3);
  expect(atMs[1]! - atMs[0]!).toBeGreaterThan(59);
});

test("without `expired` the connection is closed; when that throws, as `handler-error`", async () => {
  await using plain = await serve({ open: (connection) => connection.deadline(20) });
  await using failing = await serve({
    open: (connection) => connection.deadline(20),
    expired() {
      throw new Error("cannot");
    },
  });
  const clients = [new Client(plain.port), new Client(failing.port)];
  await until(() => clients.every(({ closed }) => closed));
  expect(plain.counts().closed.handler).toBe(1);
  expect(failing.counts().closed["handler-error"]).toBe(1);
});

test("bytes that came while the event loop was blocked are read before the deadline is looked at", async () => {
  let expired = 0;
  let read = 0;
  await using server = await serve({
    open: (connection) => connection.deadline(200),
    chunk(connection) {
      read += 1;
      connection.deadline(10_000);
    },
    expired() {
      expired += 1;
    },
  });
  const client = await new Client(server.port).connected();
  await until(() => server.counts().active === 1);
  client.socket.write("in time");
  const untilMs = performance.now() + 400;
  while (performance.now() < untilMs);
  await until(() => read === 1);
  // Two ticks of the wheel later.
  await Bun.sleep(120);
  expect(expired).toBe(0);
});

test("a deadline is in force after end() and while nothing is read", async () => {
  const reasons: string[] = [];
  await using server = await serve(
    {
      open(connection) {
        connection.pause();
        connection.end();
        connection.deadline(50);
      },
      expired: (connection) => connection.reset("lifetime"),
      close: (_, reason) => reasons.push(reason),
    },
    { halfOpen: true },
  );
  new Client(server.port, { allowHalfOpen: true });
  await until(() => reasons.length === 1);
  expect(reasons).toEqual(["lifetime"]);
});
