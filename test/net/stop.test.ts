import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, listen } from "../../src/net/mod.ts";
import { selfSigned } from "./self-signed.ts";
import { Client, until } from "./support.ts";

test("stop tells each connection, waits for it, and closes the rest when the grace is over", async () => {
  const told: number[] = [];
  const server = await listen(
    { host: "127.0.0.1" },
    {
      chunk(connection) {
        connection.data = "polite";
      },
      shutdown(connection, graceMs) {
        told.push(graceMs);
        if (connection.data !== "polite") return; // holds on for ever
        connection.write("bye");
        connection.end();
      },
    },
  );
  const [polite, stubborn] = await Promise.all([
    new Client(server.port).connected(),
    new Client(server.port).connected(),
  ]);
  polite.socket.write("x");
  await until(() => server.counts().bytesRead === 1 && server.counts().active === 2);
  const stopped = server.stop({ graceMs: 300 });
  await until(() => polite.closed && told.length === 2);
  expect([polite.received, told, stubborn.closed]).toEqual(["bye", [300, 300], false]);
  const late = new Client(server.port);
  await until(() => late.closed);
  expect(late.errorCode).toBe("ECONNREFUSED");
  await stopped;
  expect(server.counts()).toMatchObject({ active: 0, closed: { handler: 1, shutdown: 1 } });
  await until(() => stubborn.closed);
});

test("without a shutdown handler connections are ended at once, what waits for them is still sent", async () => {
  const server = await listen(
    { host: "127.0.0.1", writeQueueMaxBytes: 8_000_000 },
    { open: (connection) => connection.write(new Uint8Array(6_000_000)) },
  );
  const client = new Client(server.port);
  client.socket.pause();
  await until(() => server.counts().writeQueueBytes > 0);
  const stopped = server.stop({ graceMs: 5000 });
  client.socket.resume();
  await stopped;
  await until(() => client.closed);
  expect(client.bytes).toBe(6_000_000);
});

test("a grace of Infinity waits, and is not taken for nothing", async () => {
  const server = await listen(
    { host: "127.0.0.1" },
    { shutdown: (connection) => setTimeout(() => connection.end(), 100) },
  );
  const client = await new Client(server.port).connected();
  await until(() => server.counts().active === 1);
  await server.stop({ graceMs: Number.POSITIVE_INFINITY });
  expect(server.counts().closed).toMatchObject({ handler: 1, shutdown: 0 });
  await until(() => client.closed);
  const other = await listen({ host: "127.0.0.1" }, {});
  expect(() => other.stop({ graceMs: Number.NaN })).toThrow("graceMs");
  await other.stop();
});

test("a second stop does not wait for the grace", async () => {
  const server = await listen({ host: "127.0.0.1" }, { shutdown() {} });
  const client = await new Client(server.port).connected();
  await until(() => server.counts().active === 1);
  const startedMs = performance.now();
  const first = server.stop({ graceMs: 60_000 });
  await Promise.all([first, server.stop()]);
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  await until(() => client.closed);
});

test("stop waits but a moment for those whose PROXY header has not come", async () => {
  const server = await listen({ host: "127.0.0.1", proxyProtocol: { trusted: ["127.0.0.1"] } }, {});
  const silent = await new Client(server.port).connected();
  await until(() => server.counts().pending === 1);
  const beganMs = performance.now();
  await server.stop();
  expect(performance.now() - beganMs).toBeLessThan(5000);
  expect(server.counts()).toMatchObject({ active: 0, pending: 0, closed: { shutdown: 1 } });
  await until(() => silent.closed);
});

test("a client that connected a moment before a stop is answered", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-stop-"));
  const { key, cert } = selfSigned(folder, "own");
  for (const tls of [undefined, { key, cert }]) {
    const server = await listen(
      { host: "127.0.0.1", ...(tls && { tls }) },
      { chunk: (each, bytes) => void each.write(bytes) },
    );
    const to = { host: "127.0.0.1", port: server.port, ...(tls && { tls: { verify: false } }) };
    const answers: string[] = [];
    const handler = { chunk: (_: unknown, bytes: Uint8Array) => void answers.push(new TextDecoder().decode(bytes)) };
    const first = await connect(to, handler);
    // Under TLS its handshake is under way when the stop begins.
    const second = connect(to, handler);
    await until(() => server.counts().accepted === 2);
    const stopped = server.stop({ graceMs: 10_000 });
    first.write("1");
    (await second).write("2");
    await until(() => answers.length === 2);
    await stopped;
    expect(server.counts().closed).toMatchObject({ shutdown: 2, reset: 0 });
  }
  rmSync(folder, { recursive: true });
});
