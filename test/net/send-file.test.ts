import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, type Handler, type ListenOptions, listen, type Server } from "../../src/net/mod.ts";
import { sendFile } from "../../src/net/stream/mod.ts";
import { delimiter, lines } from "../../src/wire/mod.ts";
import { Client, until } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-send-file-"));
const large = join(folder, "large");
const small = join(folder, "small");
const LARGE_BYTES = 24 * 1024 * 1024;
const content = Buffer.from(Uint8Array.from({ length: LARGE_BYTES }, (_, at) => (at * 31 + (at >> 8)) & 255));
beforeAll(() => {
  writeFileSync(large, content);
  writeFileSync(small, "0123456789");
});
afterAll(() => rmSync(folder, { recursive: true }));

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

/** A server side connection and its foreign client. */
async function pairOf(handler: Handler = {}, options: ListenOptions = {}) {
  let connection: Connection | undefined;
  const server = await listen(
    { host: "127.0.0.1", ...options },
    {
      ...handler,
      open: (opened) => {
        connection = opened;
      },
    },
  );
  servers.push(server);
  const client = await new Client(server.port).connected();
  const chunks: Buffer[] = [];
  client.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await until(() => connection !== undefined);
  return { connection: connection as Connection, client, received: () => Buffer.concat(chunks) };
}

describe("sendFile", () => {
  test("sends all of a file to a slow reader, in bounded memory", async () => {
    const { connection, client, received } = await pairOf();
    let most = 0;
    let untilPause = 1 << 20;
    client.socket.on("data", (chunk) => {
      most = Math.max(most, connection.queuedBytes);
      untilPause -= chunk.length;
      if (untilPause > 0) return;
      untilPause = 4 << 20;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 20);
    });
    expect(await sendFile(connection, large)).toBe(LARGE_BYTES);
    await until(() => client.bytes === LARGE_BYTES);
    expect(received().equals(content)).toBe(true);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(128 * 1024);
  });

  test.each([
    [{}, "0123456789"],
    [{ start: 3 }, "3456789"],
    [{ end: 3 }, "012"],
    [{ start: 2, end: 9, chunkBytes: 2 }, "2345678"],
    [{ start: 4, end: 4 }, ""],
    [{ start: 10 }, ""],
  ])("sends the range %p", async (range, expected) => {
    const { connection, client } = await pairOf();
    expect(await sendFile(connection, small, range)).toBe(expected.length);
    connection.end();
    await until(() => client.ended);
    expect(client.received).toBe(expected);
  });

  test.each([
    [{ start: -1 }, "start"],
    [{ start: 11 }, "start"],
    [{ start: 1.5 }, "start"],
    [{ start: 5, end: 4 }, "end"],
    [{ end: 11 }, "end"],
    [{ chunkBytes: 0 }, "chunkBytes"],
    [{ chunkBytes: 1e9 }, "chunkBytes"],
  ])("refuses the range %p", async (range, name) => {
    const { connection } = await pairOf();
    await expect(sendFile(connection, small, range)).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining(`Cannot use ${name} for ${small}`),
    });
    expect(connection).toMatchObject({ closed: false, bytesWritten: 0 });
  });

  test("names a file that it cannot read", async () => {
    const { connection } = await pairOf();
    const fifo = join(folder, "fifo");
    spawnSync("mkfifo", [fifo]);
    for (const [path, why] of [
      [join(folder, "none"), "ENOENT"],
      [folder, "not a file"],
      [fifo, "not a file"],
    ] as const) {
      await expect(sendFile(connection, path)).rejects.toMatchObject({
        code: "file-unreadable",
        message: expect.stringMatching(new RegExp(`Cannot read ${path}: .*${why}`)),
      });
    }
    expect(connection.closed).toBe(false);
  });

  test("says how much was taken when the connection closes meanwhile, or is ended", async () => {
    const reasons: string[] = [];
    const { connection, client } = await pairOf({ close: (_, reason) => reasons.push(reason) });
    client.socket.pause();
    const sending = sendFile(connection, large);
    await until(() => connection.full);
    client.socket.resetAndDestroy();
    const taken = await sending;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(LARGE_BYTES);
    expect(reasons).toEqual(["reset"]);
    expect(await sendFile(connection, small)).toBe(0);

    const ended = await pairOf({}, { halfOpen: true });
    ended.connection.end();
    expect(await sendFile(ended.connection, small)).toBe(0);
  });

  test("stops where a file became shorter", async () => {
    const shrinking = join(folder, "shrinking");
    writeFileSync(shrinking, content);
    const { connection, client } = await pairOf();
    client.socket.pause();
    const sending = sendFile(connection, shrinking);
    await until(() => connection.full);
    truncateSync(shrinking, 0);
    client.socket.resume();
    const taken = await sending;
    expect(taken).toBeLessThan(LARGE_BYTES);
    await until(() => client.bytes === taken);
    expect(connection.closed).toBe(false);
  });

  test("leaves the handler what is its own, and gives it back", async () => {
    const got: string[] = [];
    // With a private field: its methods must be called on itself.
    class Lines implements Handler {
      framing = lines();
      #said = got;
      frame(_: Connection, line: Uint8Array): void {
        this.#said.push(String(Buffer.from(line)));
      }
      drain(): void {
        if (this.#said.at(-1) !== "drain") this.#said.push("drain");
      }
    }
    const handler = new Lines();
    const { connection, client } = await pairOf();
    connection.handler = handler;
    connection.setFraming(delimiter(";"));
    client.socket.write("befo");
    await until(() => connection.bytesRead === 4);
    client.socket.pause();
    const sending = sendFile(connection, large);
    await until(() => connection.full);
    expect(connection.handler).not.toBe(handler);
    client.socket.resume();
    client.socket.write("re;meanwhile;");
    await sending;
    expect(connection.handler).toBe(handler);
    client.socket.write("after;");
    await until(() => got.includes("after"));
    expect(got.filter((each) => each !== "drain")).toEqual(["before", "meanwhile", "after"]);
    expect(got).toContain("drain");
  });

  test("does not take the place of a handler that was set meanwhile", async () => {
    const { connection, client } = await pairOf();
    const other: Handler = {};
    client.socket.pause();
    const sending = sendFile(connection, large);
    await until(() => connection.full);
    connection.handler = other;
    client.socket.destroy();
    await sending;
    expect(connection.handler).toBe(other);
  });
});

test("a file without permission is named", async () => {
  const secret = join(folder, "secret");
  writeFileSync(secret, "");
  chmodSync(secret, 0);
  const { connection } = await pairOf();
  const result = await sendFile(connection, secret).catch((error) => error.code);
  expect(result).toBe(process.getuid?.() === 0 ? 0 : "file-unreadable");
});
