import { afterEach, describe, expect, test } from "bun:test";
import { type Connection, connect, type Handler, type ListenOptions, listen, type Server } from "../../src/net/mod.ts";
import { type WebStreams, webStreams } from "../../src/net/stream/mod.ts";
import { Client, until } from "./support.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

interface Made extends WebStreams {
  connection: Connection;
  client: Client;
  reasons: string[];
}

async function streams(options: ListenOptions = {}, handler: Handler = {}): Promise<Made> {
  const reasons: string[] = [];
  let made: Partial<Made> = {};
  const server = await listen(
    { host: "127.0.0.1", halfOpen: true, ...options },
    {
      ...handler,
      open: (connection) => {
        made = { connection, reasons, ...webStreams(connection) };
      },
      close: (_, reason) => reasons.push(reason),
    },
  );
  servers.push(server);
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  await until(() => made.connection !== undefined);
  return { ...made, client } as Made;
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("the readable", () => {
  test("gives copies of what came, and closes at the peer's FIN; the writable goes on", async () => {
    const { readable, writable, client, reasons } = await streams();
    const sent = bytesOf(3_000_000);
    client.socket.end(sent);
    const got = await new Response(readable).bytes();
    expect(Buffer.compare(got, sent)).toBe(0);
    const writer = writable.getWriter();
    await writer.write(Buffer.from("answer"));
    await writer.close();
    await until(() => client.ended && reasons.length === 1);
    expect(client.received).toBe("answer");
  });

  test("keeps nothing that is borrowed", async () => {
    const { readable, connection } = await streams();
    const borrowed = bytesOf(10);
    connection.handler.chunk?.(connection, borrowed);
    borrowed.fill(0);
    expect((await readable.getReader().read()).value).toEqual(bytesOf(10));
  });

  test("that nobody reads slows the peer", async () => {
    const { readable, connection, client } = await streams();
    const total = 32 * 1024 * 1024;
    client.socket.write(bytesOf(total));
    client.socket.end();
    await until(() => connection.bytesRead > 64 * 1024);
    await turns();
    expect(connection.bytesRead).toBeLessThanOrEqual(64 * 1024 + 512 * 1024);
    let bytes = 0;
    for await (const chunk of readable) bytes += chunk.length;
    expect(bytes).toBe(total);
  });

  test("fails with the reason when the peer resets, and so does the writable", async () => {
    const { readable, writable, client } = await streams();
    const reader = readable.getReader();
    const reading = reader.read();
    const writer = writable.getWriter();
    client.socket.resetAndDestroy();
    await expect(reading).rejects.toThrow("The connection was closed: reset");
    await expect(writer.closed).rejects.toThrow("The connection was closed: reset");
    await expect(writer.write(new Uint8Array(1))).rejects.toThrow("reset");
  });

  test("cancelled resets the connection", async () => {
    const { readable, writable, client, reasons } = await streams();
    await readable.cancel();
    await until(() => client.closed);
    expect(client.errorCode).toBe("ECONNRESET");
    expect(reasons).toEqual(["handler"]);
    await expect(writable.getWriter().closed).rejects.toThrow("closed: handler");
  });

  test("closes, too, where we finished first", async () => {
    const { readable, writable, client, reasons } = await streams();
    await writable.getWriter().close();
    await until(() => client.ended);
    client.socket.end("last words");
    expect(await new Response(readable).text()).toBe("last words");
    expect(reasons).toEqual(["handler"]);
  });
});

describe("the writable", () => {
  test("waits for the peer, in bounded memory, whatever the size of a chunk", async () => {
    const { writable, connection, client, reasons } = await streams();
    client.socket.pause();
    const sent = bytesOf(16 * 1024 * 1024);
    const writer = writable.getWriter();
    let written = false;
    const writing = writer.write(sent).then(() => {
      written = true;
    });
    await until(() => connection.full);
    await turns();
    expect(written).toBe(false);
    expect(connection.queuedBytes).toBeLessThanOrEqual(128 * 1024);
    const hash = new Bun.CryptoHasher("sha1");
    client.socket.on("data", (chunk: Buffer) => hash.update(chunk));
    client.socket.resume();
    await writing;
    await writer.close();
    client.socket.end();
    await until(() => client.ended && reasons.length === 1);
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha1").update(sent).digest("hex"));
  });

  test("a write that waits fails when the connection ends", async () => {
    const { writable, connection, client } = await streams();
    client.socket.pause();
    const writing = writable.getWriter().write(bytesOf(16 * 1024 * 1024));
    await until(() => connection.full);
    client.socket.resetAndDestroy();
    await expect(writing).rejects.toThrow("The connection was closed: reset");
  });

  test("aborted resets the connection", async () => {
    const { readable, writable, client, reasons } = await streams();
    const reading = readable.getReader().read();
    await writable.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("closed: handler");
    await until(() => client.closed);
    expect(client.errorCode).toBe("ECONNRESET");
    expect(reasons).toEqual(["handler"]);
  });

  test("echoes by pipeTo", async () => {
    const total = 24 * 1024 * 1024;
    const { readable, writable, client } = await streams();
    const done = readable.pipeTo(writable);
    const sent = bytesOf(total);
    client.socket.end(sent);
    await done;
    await until(() => client.ended);
    expect(client.bytes).toBe(total);
  });
});

test("of a connection that is closed both fail at once", async () => {
  const { connection, reasons } = await streams();
  connection.close();
  const { readable, writable } = webStreams(connection);
  await expect(readable.getReader().read()).rejects.toThrow("closed");
  await expect(writable.getWriter().closed).rejects.toThrow("closed");
  expect(reasons).toEqual(["handler"]);
});

test("an abort resets at once, also while a write waits for a peer that reads nothing", async () => {
  await using server = await listen({ host: "127.0.0.1" }, { open: (connection) => connection.pause() });
  const connection = await connect({ port: server.port, limits: { stallMs: 0 } }, {});
  const writer = webStreams(connection).writable.getWriter();
  const write = writer.write(new Uint8Array(32 << 20)).catch((error: Error) => error.message);
  await until(() => connection.full);
  const abort = writer.abort(new Error("enough")).catch((error: Error) => error.message);
  await until(() => connection.closed);
  expect(await Promise.all([write, abort])).toContain("The connection was closed: handler");
});
