import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CloseReason,
  type Connection,
  connect,
  type Handler,
  type ListenOptions,
  listen,
  type Server,
} from "../../src/net/mod.ts";
import { lines } from "../../src/wire/mod.ts";
import { Client, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);
const TLS = { cert: fixture("localhost-cert.pem"), key: fixture("localhost-key.pem") };
/** Two ticks' worth may be saved up. */
const BURST_MS = 100;

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

async function serve(handler: Handler, options: ListenOptions = {}): Promise<Server> {
  const server = await listen(options.path === undefined ? { host: "127.0.0.1", ...options } : options, handler);
  servers.push(server);
  return server;
}

const block = new Uint8Array(64 * 1024);
/** Writes all that is taken, from the first moment on. */
const flood: Handler = {
  open: (connection) => void (connection.full || connection.write(block)),
  drain: (connection) => void (connection.full || connection.write(block)),
};

/** A handler that keeps what it was given, and how much more than the rate allows it ever was. */
function reader(bytesPerSecond: number) {
  const seen = { bytes: 0, excess: 0, text: "", ended: false, closed: undefined as CloseReason | undefined };
  let sinceMs = performance.now();
  const handler: Handler = {
    open: () => {
      sinceMs = performance.now();
    },
    chunk(_, bytes) {
      seen.bytes += bytes.length;
      if (seen.text.length < 1000) seen.text += Buffer.from(bytes).toString();
      const allowed = Math.max(1, (bytesPerSecond * (performance.now() - sinceMs + BURST_MS)) / 1000);
      seen.excess = Math.max(seen.excess, seen.bytes - allowed);
    },
    end: () => {
      seen.ended = true;
    },
    close: (_, reason) => {
      seen.closed = reason;
    },
  };
  return { seen, handler };
}

describe.each([20, 5000, 100_000])("at %i bytes a second no byte is read before its time", (readBytesPerSecond) => {
  const limits = { readBytesPerSecond };
  const enough = readBytesPerSecond * 0.4;

  test("by a listener", async () => {
    const { seen, handler } = reader(readBytesPerSecond);
    const server = await serve(handler, { limits });
    const client = await connect({ port: server.port }, flood);
    await until(() => seen.bytes >= enough);
    expect(seen.excess).toBeLessThanOrEqual(1);
    client.close();
  });

  test("by who connects, over TCP and a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-exact-"));
    const path = join(folder, "flood.sock");
    await serve(flood, { path });
    for (const to of [{ port: (await serve(flood)).port }, { path }]) {
      const { seen, handler } = reader(readBytesPerSecond);
      const connection = await connect({ ...to, limits }, handler);
      await until(() => seen.bytes >= enough);
      expect(seen.excess).toBeLessThanOrEqual(1);
      connection.close();
    }
    rmSync(folder, { recursive: true });
  });
});

test("what comes a moment after the connection opened is not read at once either", async () => {
  const { seen, handler } = reader(1000);
  const server = await serve(handler, { limits: { readBytesPerSecond: 1000 } });
  const client = await new Client(server.port).connected();
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.socket.write(Buffer.alloc(30_000));
  await until(() => seen.bytes >= 300);
  expect(seen.excess).toBeLessThanOrEqual(1);
  client.socket.destroy();
});

test("under TLS one record or what the kernel had is read at once, and is paid back", async () => {
  const { seen, handler } = reader(1000);
  const server = await serve(flood, { tls: TLS });
  const limits = { readBytesPerSecond: 1000 };
  const connection = await connect({ port: server.port, tls: { verify: false }, limits }, handler);
  await until(() => seen.bytes > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(seen.bytes).toBeLessThanOrEqual(16_384);
  connection.close();
});

describe("a peer that is read slowly", () => {
  const limits = { readBytesPerSecond: 1000, idleMs: 150 };

  test("gets all its bytes in before its end is told, is not idle meanwhile, and is when all is read", async () => {
    const { seen, handler } = reader(1000);
    const server = await serve(handler, { limits });
    const client = await new Client(server.port).connected();
    client.socket.end("0123456789".repeat(50));
    await until(() => seen.closed !== undefined);
    expect(seen).toMatchObject({ bytes: 500, text: "0123456789".repeat(50), ended: true, closed: "peer" });
    const quiet = await new Client(server.port).connected();
    quiet.socket.write("x".repeat(300));
    await until(() => server.counts().closed.idle === 1);
    expect(server.counts().bytesRead).toBe(800);
  });

  test("is answered at once where it says little, and cut into frames as ever", async () => {
    const said: string[] = [];
    const handler: Handler = {
      framing: lines(),
      frame(connection, line) {
        said.push(Buffer.from(line).toString());
        connection.write("ok\n");
      },
    };
    const server = await serve(handler, { limits: { readBytesPerSecond: 1000 } });
    const client = await new Client(server.port).connected();
    for (let round = 1; round <= 3; round++) {
      client.socket.write(`line ${round}\nand `);
      await until(() => client.received === "ok\n".repeat(round));
    }
    expect(said).toEqual(["line 1", "and line 2", "and line 3"]);
    client.socket.destroy();
  });

  test("is read no further while the handler pauses, goes on where it was, and is idle meanwhile", async () => {
    const { seen, handler } = reader(2000);
    let ours: Connection | undefined;
    const open: Handler["open"] = (connection) => {
      ours = connection;
      return handler.open?.(connection);
    };
    const server = await serve({ ...handler, open }, { limits: { readBytesPerSecond: 2000 } });
    const client = await connect({ port: server.port }, flood);
    await until(() => seen.bytes > 100);
    ours!.pause();
    const before = seen.bytes;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen.bytes).toBe(before);
    ours!.resume();
    await until(() => seen.bytes > before + 400);
    expect(seen.excess).toBeLessThanOrEqual(1);
    ours!.pause();
    server.update({ idleMs: 100 });
    await until(() => seen.closed === "idle");
    client.close();
  });

  test("may reset", async () => {
    const { seen, handler } = reader(2000);
    const server = await serve(handler, { limits: { readBytesPerSecond: 2000 } });
    const client = await connect({ port: server.port }, flood);
    await until(() => seen.bytes > 100);
    client.reset();
    await until(() => seen.closed === "reset");
    expect(server.counts()).toMatchObject({ active: 0, closed: { reset: 1 } });
  });

  test("is echoed whole, by a handler that is paused by its full write queue in between", async () => {
    const handler: Handler = { chunk: (connection, bytes) => connection.write(bytes) };
    const limits = { readBytesPerSecond: 60_000, writeBytesPerSecond: 30_000 };
    const server = await serve(handler, { limits, writeQueueHighBytes: 2000, writeQueueLowBytes: 500 });
    const client = await new Client(server.port).connected();
    const text = "0123456789".repeat(2000);
    client.socket.write(text);
    await until(() => client.bytes === text.length);
    expect(client.received).toBe(text);
    client.socket.destroy();
  });
});
