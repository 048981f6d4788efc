import { afterEach, expect, test } from "bun:test";
import { resetSync } from "@logtape/logtape";
import { carryLog, type LogEntry } from "../../src/base/mod.ts";
import { listen, type Server } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { Client, freePort, until } from "./support.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
  server = undefined;
});

const crashing = new URL("./crashing-handler.ts", import.meta.url);

async function open(count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => new Client(server!.port).connected()));
}

test("several workers share one port, and their counts add up exactly", async () => {
  server = await listen({ host: "127.0.0.1", workers: 3 }, HANDLERS.echo.url);
  expect([server.workers, server.port > 0]).toEqual([3, true]);
  const clients = await open(120);
  for (const client of clients) client.socket.write("0123456789");
  await until(() => clients.every((client) => client.bytes === 10));
  expect(server.counts()).toMatchObject({ active: 120, accepted: 120, bytesRead: 1200, bytesWritten: 1200 });
  for (const client of clients.slice(0, 50)) client.socket.end();
  await until(() => server!.counts().active === 70);
  expect(server.counts().closed.peer).toBe(50);
});

test("the share of each worker is told, of one that is stuck as well", async () => {
  server = await listen({ host: "127.0.0.1", workers: 2 }, new URL("./stuck-handler.ts", import.meta.url));
  const clients = await open(40);
  await until(() => server!.counts().active === 40);
  clients[0]!.socket.write("12345");
  await until(() => server!.counts().reads === 1);
  const each = server.workerCounts();
  expect(each.map(({ active }) => active > 0)).toEqual([true, true]);
  expect(each.reduce((sum, { active }) => sum + active, 0)).toBe(40);
  expect(each.map(({ bytesRead, reads }) => [reads, bytesRead]).sort()).toEqual([
    [0, 0],
    [1, 5],
  ]);
  await server.stop({ graceMs: 0 });
  expect(server.workerCounts().map(({ active }) => active)).toEqual([0, 0]);
});

test("without workers there is no share", async () => {
  server = await listen({ host: "127.0.0.1" }, {});
  expect(server.workerCounts()).toEqual([]);
});

test("limits hold over all workers, to within workers - 1, and change in all of them", async () => {
  server = await listen({ host: "127.0.0.1", workers: 3, limits: { maxConnections: 20 } }, HANDLERS.sink.url);
  await open(60);
  await until(() => server!.counts().accepted + server!.counts().rejected.connections === 60);
  expect(server.counts().active).toBeGreaterThanOrEqual(20);
  expect(server.counts().active).toBeLessThanOrEqual(22);
  server.update({ maxPerAddress: 1, maxConnections: 0, idleMs: 50 });
  await until(() => server!.counts().active === 0);
  await open(10);
  await until(() => server!.counts().rejected.address >= 7);
});

test("a crashed worker is counted and restarted, the others never notice", async () => {
  server = await listen({ host: "127.0.0.1", workers: 2 }, crashing);
  const clients = await open(40);
  await until(() => server!.counts().active === 40);
  clients[0]?.socket.write("!");
  await until(() => server!.counts().workerRestarts === 1);
  const lost = server.counts().closed["worker-crash"];
  expect(lost).toBeGreaterThan(0);
  expect(server.counts()).toMatchObject({ active: 40 - lost, accepted: 40 });
  await until(() => clients.filter((client) => client.closed).length === lost);
  for (const client of clients) if (!client.closed) client.socket.write("alive");
  await until(() => clients.filter((client) => client.received === "alive").length === 40 - lost);
  // Only a restarted loop can serve once the other one has crashed too.
  const survivor = clients.find((client) => !client.closed);
  survivor?.socket.write("!");
  await until(() => server!.counts().workerRestarts === 2);
  let again: Client | undefined;
  await until(() => {
    if (again === undefined || again.closed) again = new Client(server!.port);
    if (again.received === "") again.socket.write("again");
    return again.received.startsWith("again");
  });
});

test("connections that a crash ended do not count for their address any more", async () => {
  server = await listen({ host: "127.0.0.1", workers: 2, limits: { maxPerAddress: 30 } }, crashing);
  for (let crashes = 1; crashes <= 4; crashes++) {
    const clients: Client[] = [];
    await until(() => {
      if (server!.counts().active < 30) clients.push(new Client(server!.port));
      return server!.counts().active === 30;
    });
    await until(() => clients.some(({ socket, closed }) => !closed && socket.write("!")));
    await until(() => server!.counts().workerRestarts === crashes);
  }
});

test("limits that change while a worker is being restarted hold in it, too", async () => {
  const slow = new URL("./slow-loading-handler.ts", import.meta.url);
  server = await listen({ host: "127.0.0.1", workers: 2 }, slow);
  const clients = await open(20);
  await until(() => clients.every((client) => client.bytes > 0));
  const before = new Set(clients.map((client) => client.received));
  clients[0]!.socket.write("!");
  await until(() => server!.counts().workerRestarts === 1);
  // It is started again after 100 ms and then takes 500 ms to load its handler: the update meets it in between.
  const crashedMs = performance.now();
  await until(() => performance.now() - crashedMs > 350);
  expect(before.size).toBe(2);
  server.update({ idleMs: 100 });
  let served: Client | undefined;
  await until(() => {
    if (served === undefined || served.closed || before.has(served.received)) served = new Client(server!.port);
    return served.bytes > 0 && !before.has(served.received);
  });
  const late = await open(20);
  await until(() => late.every((client) => client.closed));
  expect(server.counts().active).toBe(0);
});

test("stop ends all workers and frees the port", async () => {
  server = await listen({ host: "127.0.0.1", port: await freePort(), workers: 2 }, HANDLERS.echo.url);
  const clients = await open(10);
  await until(() => server!.counts().active === 10);
  await server.stop({ graceMs: 1000 });
  await until(() => clients.every((client) => client.closed));
  expect(server.counts()).toMatchObject({ active: 0, closed: { shutdown: 10 } });
  const again = await listen({ host: "127.0.0.1", port: server.port }, {});
  await again.stop({ graceMs: 0 });
});

test("a port another program shares already is refused, not silently halved", async () => {
  server = await listen({ host: "127.0.0.1", workers: 2 }, HANDLERS.sink.url);
  const second = listen({ host: "127.0.0.1", workers: 2, port: server.port }, HANDLERS.sink.url);
  await expect(second).rejects.toMatchObject({ code: "port-in-use" });
});

test.each([
  ["quitting", 'Cannot start "tcp": worker 0 ended without an error, as by process.exit'],
  ["failing", 'Cannot start "tcp": worker 0 ended: lost while it loads (test/net/failing-handler.ts:3:13)'],
])("a %s worker fails the listen, does not hang it, and is not said to restart", async (name, message) => {
  const entries: LogEntry[] = [];
  carryLog((entry) => entries.push(entry));
  const handler = new URL(`./${name}-handler.ts`, import.meta.url);
  const error = await listen({ host: "127.0.0.1", workers: 2 }, handler).catch((thrown) => thrown);
  resetSync();
  expect([error.code, error.message]).toEqual(["worker-failed", message]);
  expect(entries.at(-1)).toMatchObject({ message: "worker crashed, not restarted: its listener failed to start" });
  expect(entries.filter((entry) => entry.message.includes("restarting"))).toEqual([]);
});

test("a worker whose handler never returns does not hold up the stop", async () => {
  const stuck = await listen({ host: "127.0.0.1", workers: 2 }, new URL("./stuck-handler.ts", import.meta.url));
  const client = await new Client(stuck.port).connected();
  client.socket.write("x");
  await until(() => stuck.counts().bytesRead === 1);
  await stuck.stop({ graceMs: 0 });
  expect(stuck.counts()).toMatchObject({ active: 0, accepted: 1, closed: { "worker-crash": 1 } });
});

test.each([
  [{ workers: 2 }, {}, "URL"],
  [{ workers: 0 }, {}, "1 to 256"],
  [{ workers: 2, path: "/nowhere/x.sock" }, HANDLERS.echo.url, "Unix"],
  [{ workers: 2 }, new URL("./support.ts", import.meta.url), "default export"],
  [{ workers: 2 }, new URL("./missing.ts", import.meta.url), "missing.ts"],
  [{ workers: 2, handlerOptions: { now() {} } }, HANDLERS.echo.url, "Cannot give handlerOptions to workers: "],
])("what cannot be shared is refused with the reason: %p", async (options, handler, words) => {
  await expect(listen({ host: "127.0.0.1", ...options }, handler)).rejects.toThrow(words);
});
