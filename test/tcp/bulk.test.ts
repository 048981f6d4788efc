/** What tenk itself does with large chunks, whose memory it uses again at once. */
import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createConnection } from "node:net";
import { listen, type Server } from "../../src/net/mod.ts";
import echo from "../../src/tcp/echo.ts";
import sink from "../../src/tcp/sink.ts";
import { until } from "../net/support.ts";

const TOTAL_BYTES = 8 * 1024 * 1024;
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

/** Differs from what lies a block of any power of two before it. */
const PATTERN = Buffer.from(Uint32Array.from({ length: TOTAL_BYTES / 4 }, (_, index) => index * 2_654_435_761).buffer);

test("an echo of large chunks to a reader that stops now and then is what was sent", async () => {
  const server = await listen(
    { host: "127.0.0.1", halfOpen: true },
    { ...echo, end: (connection) => connection.end() },
  );
  servers.push(server);
  const client = createConnection({ host: "127.0.0.1", port: server.port });
  const got: Buffer[] = [];
  client.on("data", (bytes: Buffer) => {
    got.push(bytes);
    client.pause();
    setTimeout(() => client.resume(), got.length % 8 === 0 ? 2 : 0);
  });
  client.end(PATTERN);
  await once(client, "end");
  expect(Buffer.concat(got).equals(PATTERN)).toBe(true);
  expect(server.counts().drains).toBeGreaterThan(0);
}, 20_000);

test("a sink takes large chunks, and leaves none of their memory to the collector", async () => {
  const left: number[] = [];
  const server = await listen(
    { host: "127.0.0.1" },
    {
      ...sink,
      chunk(connection, bytes) {
        sink.chunk?.(connection, bytes);
        if (bytes.length >= 65_536) queueMicrotask(() => left.push(bytes.length));
      },
    },
  );
  servers.push(server);
  const client = createConnection({ host: "127.0.0.1", port: server.port });
  client.write(PATTERN);
  await until(() => server.counts().bytesRead === TOTAL_BYTES);
  client.destroy();
  await until(() => left.length > 0);
  expect(Math.max(...left)).toBe(0);
});
