import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Socket } from "node:net";
import { join } from "node:path";
import { listen, type Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../src/proxy/counts.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { until } from "../net/support.ts";
import { proxyOptions, type RawTarget, rawTarget } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);

const TLS = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };

let target: RawTarget;
let proxy: Server;
let session: ClientHttp2Session;

beforeAll(async () => {
  target = await rawTarget((text, socket) => {
    const starts = [...text.matchAll(/(GET|POST) \S+ HTTP\/1\.1\r\n/g)];
    const last = text.slice(starts.at(-1)?.index ?? 0);
    if (last.includes("Upgrade: websocket")) {
      if (last.endsWith("\r\n\r\n"))
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      else if (last.endsWith("ping")) socket.write("pong");
    } else if (last.endsWith("\r\n\r\n") && !last.includes("Content-Length: 4"))
      socket.write(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n${last.length.toString(16)}\r\n${last}\r\n0\r\nx-sum: 7\r\n\r\n`,
      );
    else if (last.endsWith("body")) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${last.length}\r\n\r\n${last}`);
  });
  const options = proxyOptions(`  app: http://127.0.0.1:${target.port}\n`);
  proxy = await listen({ port: 0, halfOpen: true, tls: TLS, handlerCounts: PROXY_COUNTS }, proxyModule(options));
  session = connect(`https://127.0.0.1:${proxy.port}`, { rejectUnauthorized: false });
  await new Promise((resolve) => session.once("remoteSettings", resolve));
});
afterAll(async () => {
  session.destroy();
  await proxy.stop({ graceMs: 0 });
  target.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
  readonly trailers: Record<string, unknown>;
}

function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    let body = "";
    stream.on("response", (given) => {
      headers = given;
    });
    stream.on("trailers", (given) => {
      trailers = given;
    });
    stream.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
    });
    stream.on("error", reject);
    stream.on("end", () => resolve({ status: Number(headers[":status"]), headers, body, trailers }));
  });
}

test("a request over HTTP/2 arrives as HTTP/1.1, its cookies joined, and trailers come back", async () => {
  const stream = session.request({
    ":path": "/a?b",
    ":authority": "app.home.arpa",
    cookie: ["a=1", "b=2"],
    te: "trailers",
  } as never);
  const { status, headers, body, trailers } = await answerOf(stream);
  expect(status).toBe(200);
  expect(body).toStartWith("GET /a?b HTTP/1.1\r\nHost: app.home.arpa\r\n");
  expect(body).toMatch(/\r\nCookie: a=1; b=2\r\n/i);
  expect(body).toContain("TE: trailers\r\n");
  expect(body).toContain("Via: 2.0 tenk\r\n");
  expect(body).toContain("X-Forwarded-Proto: https\r\n");
  expect([headers.via, trailers["x-sum"]]).toEqual(["1.1 tenk", "7"]);
  expect(headers["transfer-encoding"]).toBeUndefined();
});

test("content goes on by its length", async () => {
  const stream = session.request({
    ":method": "POST",
    ":path": "/",
    ":authority": "app.home.arpa",
    "content-length": "4",
  });
  stream.end("body");
  const { status, body } = await answerOf(stream);
  expect([status, body.endsWith("Content-Length: 4\r\n\r\nbody")]).toEqual([200, true]);
});

test.each([
  ["other.home.arpa", 404],
  ["127.0.0.1", 200],
])("the authority %s is answered with %i", async (authority, status) => {
  expect((await answerOf(session.request({ ":path": "/", ":authority": authority }))).status).toBe(status);
});

test("a WebSocket over HTTP/2 is a tunnel to a target that speaks HTTP/1.1 (RFC 8441)", async () => {
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": "/ws",
      ":authority": "app.home.arpa",
      ":scheme": "https",
      "sec-websocket-version": "13",
    },
    { endStream: false },
  );
  const status = await new Promise((resolve) => stream.on("response", (headers) => resolve(headers[":status"])));
  const pong = new Promise<string>((resolve) => stream.on("data", (chunk: Buffer) => resolve(String(chunk))));
  stream.write("ping");
  expect([status, await pong]).toEqual([200, "pong"]);
  const request = target.received.find((text) => text.includes("/ws"))!;
  expect(request).toContain("GET /ws HTTP/1.1\r\n");
  expect(request).toMatch(/\r\nSec-WebSocket-Key: [\w+/]{22}==\r\n/);
  stream.destroy();
});

test("content of unknown length that comes while all targets are busy goes on as chunks, with its trailers", async () => {
  const first = Promise.withResolvers<Socket>();
  const other = await rawTarget((text, socket) => {
    if (text.startsWith("GET")) first.resolve(socket);
    if (text.endsWith("x-sum: 3\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const limits = "{ perTarget: 1, waiting: 1, wait: 10s }";
  const narrow = await listen(
    { port: 0, halfOpen: true, tls: TLS, handlerCounts: PROXY_COUNTS },
    proxyModule(proxyOptions(`  app: { target: "http://127.0.0.1:${other.port}", limits: ${limits} }\n`)),
  );
  const client = connect(`https://127.0.0.1:${narrow.port}`, { rejectUnauthorized: false });
  const common = { ":path": "/", ":authority": "app.home.arpa" };
  const holder = client.request({ ...common });
  const socket = await first.promise;
  const stream = client.request({ ...common, ":method": "POST" }, { waitForTrailers: true } as never);
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "3" }));
  stream.end("abc");
  await until(() => client.state.outboundQueueSize === 0);
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await Promise.all([answerOf(holder), answerOf(stream).then(({ body }) => expect(body).toBe("ok"))]);
  expect(other.received.join("")).toContain("\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 3\r\n\r\n");
  client.destroy();
  await narrow.stop({ graceMs: 0 });
  other.stop();
});
