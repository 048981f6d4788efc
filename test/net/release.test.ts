/** Large blocks whose memory is given back at once. */
import { afterEach, describe, expect, test } from "bun:test";
import { release } from "../../src/net/connection/release.ts";
import { WriteQueue } from "../../src/net/connection/write-queue.ts";
import { connect, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const LARGE_BYTES = 65_536;
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

describe("a block", () => {
  const whole = new Uint8Array(2 * LARGE_BYTES);
  const cases: [string, Uint8Array, number][] = [
    ["large and whole is empty afterwards", new Uint8Array(LARGE_BYTES), 0],
    ["below 64 KiB is left to the collector", new Uint8Array(LARGE_BYTES - 1), LARGE_BYTES - 1],
    ["of which this is a part is somebody else's", whole.subarray(0, LARGE_BYTES), LARGE_BYTES],
    ["that is shared is let be", new Uint8Array(new SharedArrayBuffer(LARGE_BYTES)), LARGE_BYTES],
    ["that was released already is let be", released(new Uint8Array(LARGE_BYTES)), 0],
  ];
  test.each(cases)("%s", (_, bytes, left) => {
    release(bytes);
    expect(bytes.length).toBe(left);
  });
});

function released(bytes: Uint8Array): Uint8Array {
  release(bytes);
  return bytes;
}

describe("a write queue", () => {
  test("gives its block back at its end, and holds nothing then", () => {
    const queue = new WriteQueue(new Uint8Array(LARGE_BYTES));
    const view = queue.waiting();
    queue.discard();
    expect([queue.length, view.length]).toEqual([0, 0]);
  });

  test("gives a block back that became too small, and keeps what was in it", () => {
    const queue = new WriteQueue(new Uint8Array(LARGE_BYTES).fill(1));
    queue.consume(10);
    const view = queue.waiting();
    queue.append(new Uint8Array(LARGE_BYTES).fill(2));
    expect(view.length).toBe(0);
    const waiting = queue.waiting();
    expect([waiting.length, waiting.indexOf(2)]).toEqual([2 * LARGE_BYTES - 10, LARGE_BYTES - 10]);
  });
});

/** Has chunks sent to `handler` until a large one came. @returns those that came: their length then, and a view kept of each */
async function kept(handler: Handler): Promise<{ bytes: number; view: Uint8Array }[]> {
  const chunks: { bytes: number; view: Uint8Array }[] = [];
  const server = await listen(
    { host: "127.0.0.1" },
    {
      ...handler,
      chunk(connection, view) {
        chunks.push({ bytes: view.length, view });
        return handler.chunk?.(connection, view);
      },
    },
  );
  servers.push(server);
  const block = new Uint8Array(4 * LARGE_BYTES);
  const client = await connect({ port: server.port }, {});
  while (!chunks.some(({ bytes }) => bytes >= LARGE_BYTES)) {
    const { bytesRead } = server.counts();
    const sent = client.write(block);
    await until(() => server.counts().bytesRead >= bytesRead + sent);
  }
  await until(() => chunks.reduce((sum, { bytes }) => sum + bytes, 0) === client.bytesWritten);
  return chunks;
}

describe("a large chunk's memory", () => {
  const isLarge = ({ bytes }: { bytes: number }) => bytes >= LARGE_BYTES;

  test("is given back when its handler keeps no bytes", async () => {
    const chunks = await kept({ keepsNoBytes: true });
    for (const { view, bytes } of chunks) expect(view.length).toBe(bytes < LARGE_BYTES ? bytes : 0);
    expect(chunks.some(isLarge)).toBe(true);
  });

  test("stays where it is for any other handler", async () => {
    for (const { view, bytes } of await kept({})) expect(view.length).toBe(bytes);
  });
});
