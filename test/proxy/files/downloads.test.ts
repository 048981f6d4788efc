import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen, type Server } from "../../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../../src/proxy/counts.ts";
import proxyModule from "../../../src/proxy/handler/proxy-module.ts";
import { until } from "../../net/support.ts";
import { get, proxyOptions, RawClient, startProxy } from "../support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-downloads-"));
const HOST = "app.home.arpa";
const BIG_BYTES = 64 * 1024 * 1024;
const fixture = (name: string) => join(import.meta.dirname, "../../net/fixtures", `${name}.pem`);
let proxy: Server;

beforeAll(async () => {
  for (const name of ["big.bin", "shared.bin", "shrinks.bin"]) {
    writeFileSync(join(folder, name), "begin");
    truncateSync(join(folder, name), BIG_BYTES);
  }
  proxy = await startProxy(proxyOptions(`  app: { root: ${folder} }\n`));
});
afterAll(async () => {
  await proxy.stop({ graceMs: 0 });
  rmSync(folder, { recursive: true, force: true });
});

/** How often this process has a file open. */
function openCount(name: string): number {
  const links = readdirSync("/proc/self/fd").map((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.startsWith(join(folder, name))).length;
}

/** Resolves when the server has written nothing for a while. */
async function stalled(): Promise<number> {
  let before = -1;
  await until(() => {
    const now = proxy.counts().bytesWritten;
    const isSame = now === before && now > 0;
    before = now;
    return isSame;
  }, 5000);
  return before;
}

test("a client that reads nothing has a bounded part of a file read for it, and the whole when it reads", async () => {
  const client = connect({ port: proxy.port, host: "127.0.0.1" });
  client.pause();
  client.write(get("/big.bin", HOST));
  expect(await stalled()).toBeLessThan(BIG_BYTES / 4);
  expect(openCount("big.bin")).toBe(1);
  let received = 0;
  client.on("data", (bytes) => {
    received += bytes.length;
  });
  client.resume();
  await new Promise((resolve) => client.on("end", resolve));
  expect(received).toBeGreaterThan(BIG_BYTES);
  expect(received).toBeLessThan(BIG_BYTES + 1000);
  await until(() => openCount("big.bin") === 0);
});

test("many who read the same file share a descriptor, which is closed when the last has gone", async () => {
  const clients = Array.from({ length: 20 }, () => connect({ port: proxy.port, host: "127.0.0.1" }));
  await Promise.all(
    clients.map((client) => {
      client.write(get("/shared.bin", HOST));
      return new Promise<void>((resolve) => client.once("data", () => resolve(void client.pause())));
    }),
  );
  expect(openCount("shared.bin")).toBe(1);
  for (const client of clients) client.destroy();
  await until(() => openCount("shared.bin") === 0);
});

test("a file that becomes shorter while it is sent is cut off by a reset, never ended as if it were whole", async () => {
  const client = new RawClient(proxy.port);
  client.socket.pause();
  client.send(get("/shrinks.bin", HOST));
  await until(() => openCount("shrinks.bin") === 1);
  await stalled();
  truncateSync(join(folder, "shrinks.bin"), 100);
  let failed: unknown;
  client.socket.on("error", (error) => {
    failed = error;
  });
  client.socket.resume();
  await client.until(() => false);
  expect((failed as { code?: string } | undefined)?.code).toBe("ECONNRESET");
});

test("over HTTP/2 a file comes whole, several at once, and one that is given up is closed", async () => {
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };
  const options = proxyOptions(`  app: { root: ${folder} }\n`);
  const server = await listen({ port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS }, proxyModule(options));
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
  const read = (bytes: number) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ":path": "/big.bin", ":authority": HOST });
      let received = 0;
      stream.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received >= bytes) stream.close(8);
      });
      stream.on("close", () => resolve(received));
      stream.on("error", reject);
    });
  const [whole, other, part] = await Promise.all([read(Infinity), read(Infinity), read(1_000_000)]);
  expect([whole, other]).toEqual([BIG_BYTES, BIG_BYTES]);
  expect(part).toBeLessThan(BIG_BYTES);
  session.destroy();
  await until(() => openCount("big.bin") === 0);
  await server.stop({ graceMs: 0 });
}, 20_000);
