import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen, type Server } from "../../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../../src/proxy/counts.ts";
import { Download } from "../../../src/proxy/files/download.ts";
import { type OpenFile, OpenFiles } from "../../../src/proxy/files/open-files.ts";
import { inspect, type StoredFile } from "../../../src/proxy/files/stored-file.ts";
import proxyModule from "../../../src/proxy/handler/proxy-module.ts";
import { until } from "../../net/support.ts";
import { settled } from "../guard-support.ts";
import { exchange, get, proxyOptions, RawClient, startProxy } from "../support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-downloads-"));
const HOST = "app.home.arpa";
const BIG_BYTES = 64 * 1024 * 1024;
/** More than is kept in memory. */
const MIDDLING_BYTES = 1_100_000;
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

/** The same site over HTTP/2. */
function startSecure(): Promise<Server> {
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };
  const options = proxyOptions(`  app: { root: ${folder} }\n`);
  return listen({ port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS }, proxyModule(options));
}

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

test("a client that reads nothing has a bounded part of a file read for it, and the whole when it reads", async () => {
  const client = connect({ port: proxy.port, host: "127.0.0.1" });
  client.pause();
  const { bytesWritten } = proxy.counts();
  client.write(get("/big.bin", HOST));
  expect(await settled(() => proxy.counts().bytesWritten - bytesWritten)).toBeLessThan(BIG_BYTES / 4);
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

test("a client that leaves before its file is open leaves no descriptor behind", async () => {
  const { accepted } = proxy.counts();
  for (let index = 0; index < 30; index++) {
    const name = `left-${index}.bin`;
    writeFileSync(join(folder, name), "begin");
    truncateSync(join(folder, name), MIDDLING_BYTES);
    // What is known already is opened at once, while the client's end is still on its way.
    if (index % 2 === 0) await exchange(proxy.port, get(`/${name}`, HOST).replace("GET", "HEAD"));
    connect({ port: proxy.port, host: "127.0.0.1" }).end(`GET /${name} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  }
  await until(() => proxy.counts().accepted === accepted + 45 && proxy.counts().active === 0);
  // Whoever comes later is looked up later.
  await exchange(proxy.port, get("/left-29.bin", HOST));
  await until(() => openCount("left-") === 0);
});

test("a file that becomes shorter while it is sent is cut off by a reset, never ended as if it were whole", async () => {
  const client = new RawClient(proxy.port);
  client.socket.pause();
  const { bytesWritten } = proxy.counts();
  client.send(get("/shrinks.bin", HOST));
  await settled(() => proxy.counts().bytesWritten - bytesWritten);
  expect(openCount("shrinks.bin")).toBe(1);
  truncateSync(join(folder, "shrinks.bin"), 100);
  let failed: unknown;
  client.socket.on("error", (error) => {
    failed = error;
  });
  client.socket.resume();
  await client.until(() => false);
  expect((failed as { code?: string } | undefined)?.code).toBe("ECONNRESET");
});

test("256 files are sent at once, a further one is refused for now, and its HEAD is answered", async () => {
  const server = await startSecure();
  const sessions = Array.from({ length: 2 }, () =>
    connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false }),
  );
  const statuses: unknown[] = [];
  for (let index = 0; index < 256; index++) {
    const name = `open-${index}.bin`;
    writeFileSync(join(folder, name), "begin");
    truncateSync(join(folder, name), MIDDLING_BYTES);
    const stream = sessions[index % 2]!.request({ ":path": `/${name}`, ":authority": HOST });
    stream.on("response", (headers) => statuses.push(headers[":status"]));
    stream.on("error", () => {});
  }
  await until(() => openCount("open-") === 256);
  const ask = (method: string) => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    return new Promise((resolve) => {
      const stream = session.request({ ":method": method, ":path": "/big.bin", ":authority": HOST });
      stream.on("response", (headers) => {
        resolve([headers[":status"], headers["retry-after"]]);
        session.destroy();
      });
    });
  };
  expect(await ask("GET")).toEqual([503, "1"]);
  expect(await ask("HEAD")).toEqual([200, undefined]);
  expect(new Set(statuses)).toEqual(new Set([200]));
  for (const session of sessions) session.destroy();
  await until(() => openCount("open-") === 0);
  await server.stop({ graceMs: 0 });
});

test("a download that is told of room while it reads goes on once, and gives its file back once", async () => {
  const path = join(folder, "twice.bin");
  writeFileSync(path, "x".repeat(100_000));
  const kind = { maxKeptBytes: 0, dropNames: new Set<string>() };
  const stored = (await inspect(realpathSync(folder), realpathSync(path), kind, undefined)) as StoredFile;
  const files = new OpenFiles();
  const open = () => new Promise<OpenFile>((resolve) => files.open(stored, (file) => resolve(file as OpenFile)));
  const file = await open();
  await open();
  const sizes: number[] = [];
  let hasEnded = false;
  const output = {
    full: false,
    send: (_: Uint8Array, from = 0, to = 0) => void sizes.push(to - from),
    end: () => {
      hasEnded = true;
    },
  };
  const sendHead = (_: Uint8Array, length: number) => void sizes.push(length);
  const download = new Download(output as never, output, files, file, { from: 0, to: stored.size }, sendHead);
  download.next();
  download.next();
  await until(() => hasEnded);
  download.next();
  expect(sizes).toEqual([65_536, 34_464]);
  download.finished();
  download.finished();
  expect(file.users).toBe(1);
  files.giveBack(file);
});

test("over HTTP/2 a file comes whole, several at once, and one that is given up is closed", async () => {
  const server = await startSecure();
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
