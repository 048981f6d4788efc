/** What the log counts of refusals and failures is what the listener counted. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { resetSync } from "@logtape/logtape";
import { carryLog, type LogEntry } from "../../src/base/mod.ts";
import { type Handler, listen } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { Client, until } from "./support.ts";

const pem = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);

let entries: LogEntry[] = [];
beforeEach(() => {
  entries = [];
  carryLog((entry) => entries.push(entry));
});
afterEach(() => resetSync());

/** Returns how many events the lines with these fields report. */
function logged(message: string, fields: Record<string, string> = {}): number {
  const ours = entries.filter(
    (entry) =>
      entry.message === message && Object.entries(fields).every(([name, value]) => entry.fields[name] === value),
  );
  return ours.reduce((sum, { fields: { count } }) => sum + Number(count), 0);
}

test.each([1, 2])(
  "every refusal is in the log at the stop, with its own reason, of %d event loops",
  async (workers) => {
    const limits = { maxConnections: 4, maxPerAddress: 2 };
    const server = await listen({ host: "127.0.0.1", workers, limits }, HANDLERS.sink.url);
    const seen = () =>
      server.counts().accepted + server.counts().rejected.connections + server.counts().rejected.address;
    // One at a time: event loops that accept at the same moment do not see each other's.
    for (const [index, last] of [1, 1, 1, 1, 1, 2, 2, 3, 3, 3].entries()) {
      new Client(server.port, { localAddress: `127.0.0.${last}` });
      await until(() => seen() === index + 1);
    }
    const { connections, address } = server.counts().rejected;
    expect([connections, address]).toEqual([3, 3]);
    await server.stop({ graceMs: 0 });
    expect(logged("connection rejected", { reason: "connections" })).toBe(connections);
    expect(logged("connection rejected", { reason: "address" })).toBe(address);
  },
);

test("a connection above the limit of the address that its PROXY header names is logged as rejected", async () => {
  const options = { host: "127.0.0.1", proxyProtocol: { trusted: ["127.0.0.1"] }, limits: { maxPerAddress: 1 } };
  await using server = await listen(options, {});
  for (let each = 0; each < 3; each++) {
    (await new Client(server.port).connected()).socket.write("PROXY TCP4 192.0.2.7 192.0.2.1 51000 25\r\n");
  }
  await until(() => server.counts().closed["address-limit"] === 2);
  await server.stop({ graceMs: 0 });
  expect(logged("connection rejected", { reason: "address-limit" })).toBe(2);
  expect(logged("handshake failed")).toBe(0);
});

test("the last of a burst are logged when the interval ends, though nothing happens any more", async () => {
  await using server = await listen({ host: "127.0.0.1", limits: { maxConnections: 1 } }, {});
  await new Client(server.port).connected();
  for (let each = 0; each < 5; each++) new Client(server.port);
  await until(() => server.counts().rejected.connections === 5);
  await until(() => logged("connection rejected") === 5);
});

test("of failed handshakes and of handlers that throw, all are logged", async () => {
  const handler: Handler = {
    chunk() {
      throw new Error("lost");
    },
  };
  const clear = await listen({ host: "127.0.0.1" }, handler);
  const secure = await listen({ host: "127.0.0.1", tls: { cert: pem("first-cert"), key: pem("first-key") } }, handler);
  for (let each = 0; each < 5; each++) {
    for (const { port } of [clear, secure]) (await new Client(port).connected()).socket.write("no hello\r\n");
  }
  await until(() => clear.counts().closed["handler-error"] === 5 && secure.counts().closed["tls-failed"] === 5);
  await Promise.all([clear.stop({ graceMs: 0 }), secure.stop({ graceMs: 0 })]);
  expect(logged("handler failed, connection closed")).toBe(5);
  expect(logged("handshake failed", { reason: "tls-failed" })).toBe(5);
});
