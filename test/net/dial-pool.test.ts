import { afterEach, expect, test } from "bun:test";
import {
  ConnectionPool,
  listen,
  type ConnectionPool as Pool,
  type PoolOptions,
  type Server,
} from "../../src/net/mod.ts";
import { until } from "./support.ts";

let server: Server | undefined;
let pool: Pool | undefined;
afterEach(async () => {
  pool?.stop();
  await server?.stop({ graceMs: 0 });
  server = undefined;
});

/** An echo, which says something unasked when it is sent a "?", and closes when it is sent a "!". */
async function poolOf(options: PoolOptions = {}): Promise<Pool> {
  server = await listen(
    { host: "127.0.0.1" },
    {
      chunk(connection, bytes) {
        connection.write(bytes);
        if (bytes[0] === 63) setTimeout(() => connection.write("unasked"), 5);
        if (bytes[0] === 33) setTimeout(() => connection.close(), 5);
      },
    },
  );
  pool = new ConnectionPool({ host: "127.0.0.1", port: server.port }, options);
  return pool;
}

async function ask(from: Pool, question: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const connection = await from.acquire({ chunk: (_, bytes) => resolve(new TextDecoder().decode(bytes)) });
  connection.write(question);
  const answer = await promise;
  from.release(connection);
  return answer;
}

test("two connections answer a hundred questions, each to who asked", async () => {
  const two = await poolOf({ maxOpen: 2 });
  const questions = Array.from({ length: 100 }, (_, index) => `question ${index}`);
  expect(await Promise.all(questions.map((question) => ask(two, question)))).toEqual(questions);
  expect(two.counts()).toEqual({ open: 2, idle: 2, opening: 0, waiting: 0 });
  expect(server!.counts().accepted).toBe(2);
});

test("who waits is served in order, and no longer than waitMs; who would be one too many is refused at once", async () => {
  const one = await poolOf({ maxOpen: 1, maxWaiting: 2, waitMs: 60 });
  const first = await one.acquire();
  const order: number[] = [];
  const second = one.acquire().then((connection) => { order.push(2); return connection; }); // biome-ignore format: one thought
  const third = one.acquire().then((connection) => { order.push(3); return connection; }); // biome-ignore format: one thought
  await expect(one.acquire()).rejects.toMatchObject({ code: "pool-exhausted" });
  one.release(first);
  expect(await second).toBe(first);
  await expect(third).rejects.toMatchObject({ code: "pool-exhausted" });
  expect(order).toEqual([2]);
  expect(one.counts()).toMatchObject({ open: 1, waiting: 0 });
});

test.each([
  ["says something unasked", "?"],
  ["closes", "!"],
])("an idle connection whose peer %s is dropped, and the next who asks gets another", async (_, question) => {
  const some = await poolOf();
  await ask(some, question);
  expect(some.counts().idle).toBe(1);
  await until(() => some.counts().open === 0);
  expect(await ask(some, "hello")).toBe("hello");
  expect(server!.counts().accepted).toBe(2);
});

test("tryAcquire returns the idle one used last, or none, and opens nothing", async () => {
  const some = await poolOf({ maxOpen: 2 });
  expect(some.tryAcquire()).toBeUndefined();
  const [one, two] = await Promise.all([some.acquire(), some.acquire()]);
  some.release(one);
  some.release(two);
  const answers: string[] = [];
  const taken = some.tryAcquire({ chunk: (_, bytes) => answers.push(String(Buffer.from(bytes))) });
  expect(taken).toBe(two);
  taken!.write("at once");
  await until(() => answers.length === 1);
  expect([some.tryAcquire(), some.tryAcquire()]).toEqual([one, undefined]);
  expect(some.counts()).toEqual({ open: 2, idle: 0, opening: 0, waiting: 0 });
  expect([answers, server!.counts().accepted]).toEqual([["at once"], 2]);
  some.release(one);
  some.stop();
  expect(some.tryAcquire()).toBeUndefined();
});

test("one that cannot answer any more is not given to the next", async () => {
  const some = await poolOf({ maxOpen: 1 });
  const ended = await some.acquire();
  ended.end();
  some.release(ended);
  const unsent = await some.acquire();
  while (unsent.queuedBytes === 0) unsent.write(new Uint8Array(1_000_000).fill(1));
  some.release(unsent);
  expect([ended.closed, unsent.closed]).toEqual([true, true]);
  const closed = await some.acquire();
  closed.reset();
  some.release(closed);
  const destroyed = await some.acquire();
  some.destroy(destroyed);
  expect(some.counts()).toEqual({ open: 0, idle: 0, opening: 0, waiting: 0 });
  expect(await ask(some, "hello")).toBe("hello");
});

test("what a pause kept back closes it when it is released", async () => {
  const some = await poolOf();
  const connection = await some.acquire();
  connection.pause();
  connection.write("answer me");
  await until(() => server!.counts().bytesWritten > 0);
  some.release(connection);
  await until(() => some.counts().open === 0);
});

test("it cannot be released twice, nor a stranger's", async () => {
  const some = await poolOf();
  const connection = await some.acquire();
  some.release(connection);
  expect(() => some.release(connection)).toThrow("released before");
});

test("more than maxIdle are closed when they are released, and all after idleMs", async () => {
  const some = await poolOf({ maxIdle: 1, idleMs: 40 });
  const both = await Promise.all([some.acquire(), some.acquire()]);
  for (const connection of both) some.release(connection);
  expect(some.counts()).toMatchObject({ open: 1, idle: 1 });
  await until(() => some.counts().open === 0);
  await until(() => server!.counts().active === 0);
});

test("one that was used last grows old last", async () => {
  const some = await poolOf({ idleMs: 60 });
  const [one, two] = await Promise.all([some.acquire(), some.acquire()]);
  some.release(one);
  await new Promise((resolve) => setTimeout(resolve, 30));
  some.release(two);
  await until(() => one.closed);
  expect(two.closed).toBe(false);
  await until(() => two.closed);
});

test("a target that is not there refuses each who asks with its cause", async () => {
  pool = new ConnectionPool({ port: 1 }, { maxOpen: 2 });
  const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(() => pool!.acquire()));
  expect(asked.map((each) => each.status === "rejected" && each.reason.code)).toEqual(Array(5).fill("connect-refused"));
  expect(pool.counts()).toEqual({ open: 0, idle: 0, opening: 0, waiting: 0 });
});

test("stop closes what is idle, refuses who waits, and what is out is closed when it comes back", async () => {
  const some = await poolOf({ maxOpen: 2 });
  const [one, two] = await Promise.all([some.acquire(), some.acquire()]);
  const waiting = some.acquire();
  some.destroy(two);
  await waiting.then((connection) => some.release(connection));
  const late = Promise.all([some.acquire(), some.acquire()]);
  some.stop();
  await expect(late).rejects.toMatchObject({ code: "connect-aborted" });
  expect(one.closed).toBe(false);
  some.release(one);
  expect(one.closed).toBe(true);
  await expect(some.acquire()).rejects.toMatchObject({ code: "connect-aborted" });
});

test.each([
  [{ maxOpen: 0 }, "maxOpen"],
  [{ maxIdle: -1 }, "maxIdle"],
  [{ maxWaiting: 0.5 }, "maxWaiting"],
  [{ waitMs: Number.NaN }, "waitMs"],
])("%p is refused by name", (options, name) => {
  expect(() => new ConnectionPool({ port: 1 }, options)).toThrow(name);
});
