import { afterEach, expect, test } from "bun:test";
import { type Handler, type KeptConnection, keepConnected, listen, type Server } from "../../src/net/mod.ts";
import { freePort, until } from "./support.ts";

let server: Server | undefined;
let kept: KeptConnection | undefined;
afterEach(async () => {
  kept?.stop();
  await server?.stop({ graceMs: 0 });
  server = undefined;
});

const soon = { reconnect: { minMs: 1, maxMs: 5 } };

/** A handler that notes what it was told. */
function noting(): { events: string[]; handler: Handler } {
  const events: string[] = [];
  return { events, handler: { open: () => events.push("open"), close: (_, reason) => events.push(reason) } };
}

test("a connection that drops is opened again, and each is told to the handler", async () => {
  server = await listen({ host: "127.0.0.1" }, { chunk: (connection) => connection.reset() });
  const { events, handler } = noting();
  kept = keepConnected({ port: server.port, ...soon }, handler);
  for (const round of [1, 2, 3]) {
    await until(() => kept?.connection !== undefined);
    kept.connection!.write("reset me");
    await until(() => events.length >= 2 * round);
  }
  await until(() => kept?.connection !== undefined);
  kept.stop();
  await until(() => events.length === 8);
  expect(events).toEqual(["open", "reset", "open", "reset", "open", "reset", "open", "handler"]);
  expect(kept.connection).toBeUndefined();
  await until(() => server?.counts().active === 0);
});

test("a handler that was put on later does not hide the drop", async () => {
  server = await listen({ host: "127.0.0.1" }, { chunk: (connection) => connection.close() });
  kept = keepConnected({ port: server.port, ...soon }, {});
  await until(() => kept?.connection !== undefined);
  const first = kept.connection!;
  first.handler = {};
  first.write("close me");
  await until(() => kept?.connection !== undefined && kept.connection !== first);
});

test("it waits for a server that is not there yet, longer each time, and anew after a steady connection", async () => {
  const port = await freePort();
  const waits: (number | undefined)[] = [];
  kept = keepConnected(
    {
      port,
      reconnect: { minMs: 1, maxMs: 8, jitter: "none", steadyMs: 0 },
      failed: (error, waitMs) => {
        expect(error.code).toBe("connect-refused");
        waits.push(waitMs);
      },
    },
    {},
  );
  await until(() => waits.length >= 5);
  expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 8]);
  server = await listen({ host: "127.0.0.1", port }, {});
  await until(() => kept?.connection !== undefined);
  waits.length = 0;
  await server.stop({ graceMs: 0 });
  await until(() => waits.length >= 2);
  expect(waits.slice(0, 2)).toEqual([2, 4]); // the drop itself waited 1
});

test("what waiting does not mend is told, and ends it", async () => {
  const told: [string, number | undefined][] = [];
  const options = { host: "no-such-name.test", port: 1, lookup: async () => [], ...soon };
  kept = keepConnected({ ...options, failed: (error, waitMs) => told.push([error.code, waitMs]) }, {});
  await until(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(told).toEqual([["name-not-found", undefined]]);
});

test.each([
  ["before it is connected", 0],
  ["while it waits", 40],
])("stop ends it %s", async (_, afterMs) => {
  let failures = 0;
  const abort = new AbortController();
  const reconnect = { minMs: 60_000, maxMs: 60_000, jitter: "none" } as const;
  kept = keepConnected({ port: 1, reconnect, signal: abort.signal, failed: () => { failures += 1; } }, {}); // biome-ignore format: one thought
  if (afterMs > 0) await until(() => failures === 1);
  abort.abort();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([failures, kept.connection]).toEqual([afterMs > 0 ? 1 : 0, undefined]);
});
