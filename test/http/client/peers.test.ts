import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../net/support.ts";
import { Bench, blockOf, GET, Recorder, send } from "./support.ts";

/** Of the race with its close: 20 000 take 8 seconds. */
const REQUESTS = Number(process.env.TENK_RUNS ?? 2000);

const bench = new Bench();
const folder = mkdtempSync(join(tmpdir(), "tenk-peers-"));
const children: ChildProcess[] = [];
afterAll(async () => {
  await bench.close();
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/**
 * Answers by length or by chunks; `Connection` is set so that node says nothing of its timeout. It closes idle connections by
 * timers of its own: to `keepAliveTimeout` node adds a second against the very race that is to be tried.
 */
const NODE_SERVER = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  let bytes = 0;
  request.on("data", (chunk) => (bytes += chunk.length));
  request.on("end", () => {
    if (request.url !== "/said") response.setHeader("Connection", "keep-alive");
    if (request.url === "/chunks") { response.write("got "); return response.end(String(bytes)); }
    response.setHeader("Content-Length", String("got " + bytes).length);
    response.end("got " + bytes);
  });
});
server.keepAliveTimeout = Number(process.argv[1]);
const timers = new WeakMap();
server.prependListener("request", ({ socket }, response) => {
  clearTimeout(timers.get(socket));
  response.on("finish", () => timers.set(socket, setTimeout(() => socket.destroy(), server.keepAliveTimeout)));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

async function nodeServer(keepAliveMs: number): Promise<string> {
  const child = spawn("node", ["-e", NODE_SERVER, String(keepAliveMs)], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [port] = (await once(child.stdout!, "data")) as [Buffer];
  return `http://127.0.0.1:${port.toString().trim()}`;
}

describe("against node:http", () => {
  test("while it closes connections after 5 idle ms, no request is lost that may be sent again", async () => {
    const url = await nodeServer(5);
    let begun = 0;
    let answered = 0;
    let retried = 0;
    let failed = 0;
    const lost: unknown[] = [];
    const block = blockOf(GET);
    // Each has a connection of its own, which is idle for about as long as the target waits.
    const client = async (index: number) => {
      const target = bench.target({ url });
      while (begun < REQUESTS) {
        begun += 1;
        let request = new Recorder();
        target.send(request, block);
        await request.done;
        if (request.failure?.isReused) {
          retried += 1;
          request = new Recorder();
          target.send(request, { ...block, isFresh: true });
          await request.done;
        }
        if (request.text === "got 0") answered += 1;
        else lost.push(request.failure ?? request.text);
        await new Promise((resolve) => setTimeout(resolve, 4 + ((begun + index) % 3)));
      }
      failed += target.counts().failed;
    };
    await Promise.all(Array.from({ length: 64 }, (_, index) => client(index)));
    expect(lost).toEqual([]);
    expect(answered).toBe(REQUESTS);
    expect(retried).toBeGreaterThan(0);
    expect(failed).toBe(retried);
  }, 30_000);

  test("its Keep-Alive: timeout=5 is believed, less a second; timeout=0 keeps nothing", async () => {
    for (const [keepAliveMs, idle] of [
      [5000, 1],
      [500, 0],
    ] as const) {
      // biome-ignore format: a table
      const target = bench.target({ url: await nodeServer(keepAliveMs) });
      const { fields } = await send(target, "GET /said HTTP/1.1\r\nHost: a\r\n\r\n").done;
      expect(fields["keep-alive"]).toBe(`timeout=${Math.floor(keepAliveMs / 1000)}`);
      expect(target.counts().idle).toBe(idle);
    }
  });

  test("uploads of both framings arrive, and answers of both framings come back, on one connection", async () => {
    const target = bench.target({ url: await nodeServer(5000) });
    for (const path of ["/", "/chunks"]) {
      const sized = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n`;
      const chunked = `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
      for (const request of [
        send(target, sized, { framing: "length", bodyLength: 300_000, isWhole: false }),
        send(target, chunked, { framing: "chunked", isWhole: false }),
      ]) {
        for (let part = 0; part < 100; part++) request.exchange.write(new Uint8Array(3000));
        request.exchange.end();
        expect((await request.done).text).toBe("got 300000");
      }
    }
    expect(target.counts()).toMatchObject({ answered: 4, failed: 0 });
  });
});

describe("against nginx", () => {
  if (spawnSync("nginx", ["-v"]).status !== 0) {
    test.skipIf(process.env.CI !== "true")("cannot be tried: it is not installed", () => {
      throw new Error("This check needs nginx, and must not be left out in CI");
    });
    return;
  }

  async function nginx(): Promise<string> {
    const port = await freePort();
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
    const config = `
      daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr error;
      events { worker_connections 256; }
      http { access_log off; keepalive_requests 20; client_max_body_size 1k; ${paths.join(" ")}
        server { listen 127.0.0.1:${port}; root ${folder}; location = /text { return 200 "hello"; } } }`;
    writeFileSync(join(folder, "nginx.conf"), config);
    writeFileSync(join(folder, "large"), new Uint8Array(3_000_000));
    const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
    children.push(child);
    const url = `http://127.0.0.1:${port}`;
    const target = bench.target({ url });
    while ((await send(target).done).failure !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    return url;
  }

  test("files, HEAD, 404, 304 and 413 are what they are, and connections change hands after 20 requests", async () => {
    const target = bench.target({ url: await nginx(), maxConnections: 4 });
    const of = (line: string, more = "") => send(target, `${line} HTTP/1.1\r\nHost: a\r\n${more}\r\n`).done;
    const large = await of("GET /large");
    expect([large.status, large.bodyBytes]).toEqual([200, 3_000_000]);
    const head = await of("HEAD /large");
    expect([head.status, head.fields["content-length"], head.bodyBytes]).toEqual([200, "3000000", 0]);
    expect((await of("GET /none")).status).toBe(404);
    expect((await of("GET /large", `If-None-Match: ${large.fields.etag}\r\n`)).status).toBe(304);
    const upload = "POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n";
    const request = send(target, upload, { framing: "length", bodyLength: 5_000_000, isWhole: false });
    while (!request.isDone) {
      if (!request.exchange.full) request.exchange.write(new Uint8Array(50_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(request.status).toBe(413);
    const results = await Promise.all(Array.from({ length: 400 }, () => of("GET /text")));
    expect(new Set(results.map(({ text }) => text))).toEqual(new Set(["hello"]));
    expect(target.counts().dialled).toBeGreaterThanOrEqual(400 / 20);
    expect(target.counts().failed).toBe(0);
  });
});
