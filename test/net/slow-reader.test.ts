/** What a slow peer takes from the kernel is activity, though the kernel's buffer stays full and no event says so. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type CloseReason, type Connection, connect, type Handler, type Limits, listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const LENGTH = 2_000_000;
const BYTES_PER_SECOND = 1_000_000;
const fixture = (name: string) => join(import.meta.dirname, "fixtures", `localhost-${name}.pem`);
const TLS = { cert: fixture("cert"), key: fixture("key") };

interface Slow {
  bytes: number;
  reason?: CloseReason;
}

/** Reads, slowly, what the server sends in one go, and tells how that ended. */
async function read(limits: Limits, tls: boolean, then: (connection: Connection) => void) {
  const ends: CloseReason[] = [];
  const handler: Handler = {
    open(connection) {
      connection.write(new Uint8Array(LENGTH));
      then(connection);
    },
    close: (_, reason) => void ends.push(reason),
  };
  // The kernel's own buffer for sending stays as large as it likes: seconds of such reading fit.
  const common = { host: "127.0.0.1", writeQueueMaxBytes: LENGTH, limits };
  await using server = await listen({ ...common, ...(tls ? { tls: TLS } : {}) }, handler);
  const slow: Slow = { bytes: 0 };
  const reader = await connect(
    {
      port: server.port,
      receiveBufferBytes: 16_384,
      limits: { readBytesPerSecond: BYTES_PER_SECOND },
      ...(tls ? { tls: { verify: false } } : {}),
    },
    {
      chunk: (_, bytes) => { slow.bytes += bytes.length; }, // biome-ignore format: one thought
      close: (_, reason) => { slow.reason = reason; }, // biome-ignore format: one thought
    },
  );
  await until(() => reader.closed && ends.length === 1, 20_000);
  return { ...slow, server: ends[0] };
}

describe.each([false, true])("a peer that reads slowly, under TLS: %p,", (tls) => {
  test.concurrent("is not idle while it takes bytes", async () => {
    const end = await read({ idleMs: 500 }, tls, () => {});
    expect(end).toEqual({ bytes: LENGTH, reason: "peer", server: "idle" });
  });

  test.concurrent("is not stalled, and gets everything before the FIN that was asked for long before", async () => {
    const end = await read({ stallMs: 500 }, tls, (connection) => connection.end());
    expect(end).toEqual({ bytes: LENGTH, reason: "peer", server: "handler" });
  });
});
