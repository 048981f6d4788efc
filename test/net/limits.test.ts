import { afterEach, expect, test } from "bun:test";
import type { TenkError } from "../../src/base/mod.ts";
import { listen, type Server } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
});

async function open(count: number, localAddress?: string): Promise<Client[]> {
  const options = localAddress === undefined ? {} : { localAddress };
  return Promise.all(Array.from({ length: count }, () => new Client(server!.port, options).connected()));
}

test("maxConnections refuses the next one, lets one in when one leaves, and can be raised while running", async () => {
  server = await listen({ host: "127.0.0.1", limits: { maxConnections: 3 } }, {});
  const clients = await open(5);
  await until(() => clients.filter((client) => client.closed).length === 2);
  expect(server.counts()).toMatchObject({ active: 3, accepted: 3, peak: 3, rejected: { connections: 2 } });
  clients.find((client) => !client.closed)?.socket.destroy();
  await until(() => server!.counts().active === 2);
  await open(1);
  await until(() => server!.counts().active === 3);
  server.update({ maxConnections: 10 });
  await open(5);
  await until(() => server!.counts().active === 8);
  expect(server.counts().rejected.connections).toBe(2);
});

test("maxPerAddress bounds one address and leaves others alone", async () => {
  server = await listen({ host: "127.0.0.1", limits: { maxPerAddress: 2 } }, {});
  await open(4, "127.0.0.2");
  await open(2, "127.0.0.3");
  await until(() => server!.counts().rejected.address === 2);
  expect(server.counts()).toMatchObject({ active: 4, rejected: { address: 2 } });
});

test("acceptsPerSecond refuses what comes faster, and only for that second", async () => {
  server = await listen({ host: "127.0.0.1", limits: { acceptsPerSecond: 5 } }, {});
  await open(30);
  await until(() => server!.counts().accepted + server!.counts().rejected.rate === 30);
  // The thirty may straddle the turn of a second, so at most two windows let five in each.
  expect(server.counts().accepted).toBeLessThanOrEqual(10);
  expect(server.counts().accepted).toBeGreaterThanOrEqual(5);
  const before = server.counts().accepted;
  const second = Math.floor(Date.now() / 1000);
  await until(() => Math.floor(Date.now() / 1000) > second);
  await open(3);
  await until(() => server!.counts().accepted === before + 3);
});

test("a deadline set while running holds for connections that are already open", async () => {
  server = await listen({ host: "127.0.0.1" }, {});
  const [client] = await open(1);
  await until(() => server!.counts().active === 1);
  server.update({ idleMs: 50 });
  await until(() => client!.closed);
  expect(server.counts().closed.idle).toBe(1);
});

test("who spoke while the event loop was held up is not idle, and who did not is, a little later", async () => {
  server = await listen({ host: "127.0.0.1", limits: { idleMs: 350 } }, {});
  const [speaks, silent] = (await open(2)) as [Client, Client];
  for (const { socket } of [speaks, silent]) socket.write("x");
  await until(() => server!.counts().bytesRead === 2);
  speaks.socket.write("y");
  const heldUntilMs = performance.now() + 500;
  while (performance.now() < heldUntilMs);
  await until(() => server!.counts().bytesRead === 3);
  // Two ticks at least, at which it might be closed.
  const startMs = performance.now();
  await until(() => performance.now() - startMs > 120);
  expect([speaks.closed, server.counts().active >= 1]).toEqual([false, true]);
  await until(() => silent.closed && speaks.closed);
  expect(server.counts().closed.idle).toBe(2);
});

test.each([
  [{ maxConnections: -1 }, "maxConnections"],
  [{ idleMs: 1.5 }, "idleMs"],
  [{ acceptsPerSecond: Number.NaN }, "acceptsPerSecond"],
])("a limit outside its range is refused by name and changes nothing: %p", async (limits, name) => {
  server = await listen({ host: "127.0.0.1", limits: { maxConnections: 1 } }, {});
  expect(() => server!.update(limits)).toThrow(name);
  await expect(listen({ limits }, {})).rejects.toMatchObject({ code: "invalid-option" });
});

test.each([
  [{ limits: { maxConection: 5 } as never }, "did you mean maxConnections?"],
  [{ backlog: -1 }, "backlog"],
  [{ backlog: Number.NaN }, "backlog"],
  [{ fastOpen: -1 }, "fastOpen"],
  [{ proxyProtocol: {} as never }, "trusted must be a list"],
])("an option that cannot be is refused by name: %j", async (options, said) => {
  const error = (await listen({ host: "127.0.0.1", ...options }, {}).catch((thrown: unknown) => thrown)) as TenkError;
  expect(error).toMatchObject({ name: "TenkError", code: "invalid-option" });
  expect(`${error.message} ${error.hint}`).toContain(said);
});
