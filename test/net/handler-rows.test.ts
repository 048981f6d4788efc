import { expect, test } from "bun:test";
import { listen, type Server, ThreadPool } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const module = new URL("./row-handler.ts", import.meta.url);
const handlerCounts = { counters: 2, gauges: 1 };

const serve = (workers: number, more: object = {}) =>
  listen({ host: "127.0.0.1", workers, handlerCounts, threads: new ThreadPool(2), ...more }, module);

function sums(server: Server): number[] {
  return [0, 1, 2].map((place) => server.handlerRows().reduce((sum, row) => sum + row[place]!, 0));
}

async function exchange(server: Server, clients: readonly Client[], text: string): Promise<void> {
  const before = clients.map(({ received }) => received.length);
  for (const client of clients) client.socket.write(text);
  await until(() => clients.every(({ received }, index) => received.length === before[index]! + text.length));
  expect(server.handlerRows()).toHaveLength(server.workers);
}

test.each([1, 2, 3])("a handler counts into rows that its server reads, on %d event loops", async (workers) => {
  await using server = await serve(workers);
  const clients = await Promise.all(Array.from({ length: 12 }, () => new Client(server.port).connected()));
  await exchange(server, clients, "hello");
  await exchange(server, clients, "again");
  expect(sums(server)).toEqual([24, 120, 12]);
  for (const client of clients) client.socket.end();
  await until(() => sums(server)[2] === 0);
  expect(sums(server)).toEqual([24, 120, 0]);
});

test("counters outlive a worker that crashes, and gauges do not; the next one counts on in its row", async () => {
  await using server = await serve(2);
  const clients = await Promise.all(Array.from({ length: 16 }, () => new Client(server.port).connected()));
  await exchange(server, clients, "hello");
  const before = server.handlerRows().map(([chunks, , open]) => [chunks, open]);
  const crashing = clients[0]!;
  crashing.socket.write("!");
  await until(() => server.counts().workerRestarts === 1 && crashing.closed);
  const [crashed] = server.handlerRows().flatMap((row, index) => (row[2] === 0 ? [index] : []));
  const other = 1 - crashed!;
  expect(server.handlerRows()[crashed!]!.slice(0, 1)[0]).toBe(before[crashed!]![0]! + 1);
  expect(server.handlerRows()[other]!.slice(2)[0]).toBe(before[other]![1]!);
  const [chunks] = sums(server);
  await until(() => server.workerThreads().every((thread) => thread !== undefined));
  const later: Client[] = [];
  // Connections come to the new worker once it listens.
  while (server.handlerRows()[crashed!]![2] === 0) {
    later.push(await new Client(server.port).connected());
    await exchange(server, [later.at(-1)!], "x");
  }
  expect(sums(server)[0]).toBe(chunks! + later.length);
});

test("the handler that replaces another counts on in its rows, and may refuse to", async () => {
  await using server = await serve(2);
  const clients = await Promise.all(Array.from({ length: 4 }, () => new Client(server.port).connected()));
  await exchange(server, clients, "one");
  const prepared = await server.prepare({ handler: new URL(`${module.href}?v=1001`), handlerOptions: { step: 100 } });
  await prepared.commit();
  const newer = await Promise.all(Array.from({ length: 4 }, () => new Client(server.port).connected()));
  await exchange(server, [...clients, ...newer], "two");
  expect(sums(server)).toEqual([8 + 400, 36, 8]);
  const refused = server.prepare({ handler: new URL(`${module.href}?v=1002`), handlerOptions: { step: 0 } });
  await expect(refused).rejects.toThrow("a step of 0 counts nothing");
  await exchange(server, newer, "six");
  expect(sums(server)[0]).toBe(8 + 800);
});

test("without rows a handler that counts is served all the same; a wrong number of counts is refused", async () => {
  await using server = await listen({ host: "127.0.0.1" }, module);
  const client = await new Client(server.port).connected();
  await exchange(server, [client], "hi");
  expect(server.handlerRows()).toEqual([new Float64Array(0)]);
  for (const counters of [-1, 1.5, 1e9]) {
    await expect(serve(1, { handlerCounts: { counters } })).rejects.toThrow("handlerCounts.counters");
  }
  await expect(serve(2, { handlerCounts: { counters: 1, gauges: -1 } })).rejects.toThrow("handlerCounts.gauges");
});
