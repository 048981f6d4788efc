/** Targets that speak HTTP/2, by node:http2 and by hand. */
import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import type { Server } from "../../src/net/mod.ts";
import type { ServiceReport } from "../../src/proxy/monitoring/mod.ts";
import { ErrorCode, FrameFlag, FrameType } from "../../src/wire/http2/mod.ts";
import { block, frame, uint32 } from "../http/http2/support.ts";
import { until } from "../net/support.ts";
import { concat } from "../wire/support.ts";
import { bodyOf, exchange, get, proxyOptions, RawClient, rawTarget, startProxy, statusOf } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Seen {
  readonly headers: IncomingHttpHeaders;
  body: string;
  trailers: IncomingHttpHeaders;
}

/** A target over h2c. @param answer called when a request is whole */
async function target(answer: (stream: ServerHttp2Stream, seen: Seen, index: number) => void) {
  const requests: Seen[] = [];
  const server: Http2Server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const seen: Seen = { headers, body: "", trailers: {} };
    const index = requests.push(seen) - 1;
    stream.on("error", () => {});
    stream.on("trailers", (trailers: IncomingHttpHeaders) => {
      seen.trailers = trailers;
    });
    stream.on("data", (chunk: Buffer) => {
      seen.body += chunk.toString("latin1");
    });
    stream.on("end", () => answer(stream, seen, index));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  stops.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { requests, sessions, port: (server.address() as { port: number }).port };
}

async function proxyTo(section: string): Promise<Server> {
  const proxy = await startProxy(proxyOptions(`  app: ${section}\n`));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  return proxy;
}

/** Waits until the target's report says so. */
async function reported(proxy: Server, isWanted: (report: Awaited<ReturnType<typeof reportOf>>) => boolean) {
  for (const endMs = performance.now() + 4000; !isWanted(await reportOf(proxy)); await Bun.sleep(5))
    if (performance.now() > endMs) throw new Error(`Not reported: ${isWanted}`);
}

async function reportOf(proxy: Server) {
  const [report] = (await proxy.reports()).flat(2) as ServiceReport[];
  return report!.targets[0]!;
}

const post = (body: string, ...fields: string[]) =>
  `POST /p HTTP/1.1\r\n${["Host: app.home.arpa", "Connection: close", ...fields].join("\r\n")}\r\n\r\n${body}`;
const chunked = (body: string, ...fields: string[]) => post(body, "Transfer-Encoding: chunked", ...fields);

function ok(stream: ServerHttp2Stream, body = "ok"): void {
  stream.respond({ ":status": 200 });
  stream.end(body);
}

test("chunks of HTTP/1.1 are unpacked for it, and trailers go both ways", async () => {
  const { port, requests } = await target((stream) => {
    stream.respond({ ":status": 200, "x-a": "b" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-back": "2", "x-more": "3" }));
    stream.end("hello");
  });
  const proxy = await proxyTo(`h2c://127.0.0.1:${port}`);
  const request = chunked("3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n", "TE: trailers", "Upgrade: h2c");
  const answer = await exchange(proxy.port, request);
  expect(bodyOf(answer)).toBe("5\r\nhello\r\n0\r\nx-back: 2\r\nx-more: 3\r\n\r\n");
  expect(answer).toContain("Via: 2.0 tenk\r\n");
  expect(requests[0]).toMatchObject({ body: "abcde", trailers: { "x-sum": "5" } });
  const { headers } = requests[0]!;
  expect(headers).toMatchObject({ ":authority": "app.home.arpa", ":path": "/p", te: "trailers", via: "1.1 tenk" });
  for (const name of ["host", "connection", "transfer-encoding", "upgrade"]) expect(headers[name]).toBeUndefined();
});

test.each([
  ["GET", get("/", "app.home.arpa"), ""],
  ["HEAD", get("/", "app.home.arpa").replace("GET", "HEAD"), ""],
  ["POST by length", post("four", "Content-Length: 4"), "four"],
  ["POST of nothing", post("", "Content-Length: 0"), ""],
])("%s goes over HTTP/2 where protocol is http2", async (_, request, body) => {
  const { port, requests } = await target((stream) => ok(stream));
  const proxy = await proxyTo(`{ target: "http://127.0.0.1:${port}", protocol: http2 }`);
  expect(statusOf(await exchange(proxy.port, request))).toBe(200);
  expect([requests.length, requests[0]!.body]).toEqual([1, body]);
});

/** A target that answers each request, once it is whole, by frames. @param frames for a stream, the count of requests so far */
async function rawHttp2(frames: (streamId: number, count: number) => readonly Uint8Array[]) {
  const bodies: string[] = [];
  const contents = new Map<string, string>();
  const raw = await rawTarget((_, socket, index) => {
    // Read anew from its begin each time: these requests are small.
    const bytes = Buffer.from(raw.received[index]!, "latin1");
    for (let at = PREFACE_BYTES; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
      const [end, type, flags, id] = [
        at + 9 + bytes.readUIntBE(at, 3),
        bytes[at + 3],
        bytes[at + 4]!,
        bytes.readUInt32BE(at + 5),
      ];
      const key = `${index} ${at}`;
      if (end > bytes.length || contents.has(key)) continue;
      contents.set(key, "");
      if (type === FrameType.settings && flags === 0)
        socket.write(concat(frame(FrameType.settings, 0, 0), frame(FrameType.settings, 1, 0)));
      if (type === FrameType.data)
        contents.set(`${index}/${id}`, (contents.get(`${index}/${id}`) ?? "") + bytes.toString("latin1", at + 9, end));
      if (type !== FrameType.data && type !== FrameType.headers) continue;
      if ((flags & FrameFlag.endStream) === 0) continue;
      bodies.push(contents.get(`${index}/${id}`) ?? "");
      socket.write(concat(...frames(id, bodies.length)));
    }
  });
  stops.push(() => raw.stop());
  return { port: raw.port, bodies, raw };
}
const PREFACE_BYTES = 24;
const answered = (id: number) => [
  frame(FrameType.headers, FrameFlag.endHeaders | FrameFlag.endStream, id, block([":status: 200"])),
];
const refused = (id: number) => [frame(FrameType.rstStream, 0, id, uint32(ErrorCode.refusedStream))];
const left = (id: number) => [frame(FrameType.goAway, 0, 0, uint32(id - 2 < 0 ? 0 : id - 2, 0))];

test.each([
  ["it refuses (REFUSED_STREAM)", refused, 1],
  ["comes after it left (GOAWAY)", left, 4],
])("a POST that %s is sent again with its content, and says nothing of its health", async (_, refuse, connections) => {
  const { port, bodies, raw } = await rawHttp2((id, count) => (count % 2 === 1 ? refuse(id) : answered(id)));
  const proxy = await proxyTo(`{ target: "h2c://127.0.0.1:${port}", health: { failures: 1 } }`);
  for (let count = 1; count <= 3; count++) {
    const answer = await exchange(proxy.port, chunked("3\r\nabc\r\n0\r\nx-sum: 3\r\n\r\n"));
    expect([statusOf(answer), bodies.length]).toEqual([200, 2 * count]);
  }
  expect(bodies).toEqual(Array(6).fill("abc"));
  expect(raw.sockets.length).toBe(connections);
  expect(await reportOf(proxy)).toMatchObject({ state: "up", failures: 0, active: 0 });
});

test("a POST whose stream it resets for another reason is sent once", async () => {
  const { port, bodies } = await rawHttp2((id) => [frame(FrameType.rstStream, 0, id, uint32(ErrorCode.internalError))]);
  const proxy = await proxyTo(`h2c://127.0.0.1:${port}`);
  expect(statusOf(await exchange(proxy.port, post("four", "Content-Length: 4")))).toBe(502);
  expect(bodies).toEqual(["four"]);
});

test("an answer that comes before the content is whole goes to the client at once", async () => {
  const { port } = await target(() => {});
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 413 }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  stops.push(() => server.close());
  const early = (server.address() as { port: number }).port;
  const proxy = await proxyTo(`{ targets: ["h2c://127.0.0.1:${early}", "h2c://127.0.0.1:${port}"], balance: first }`);
  const client = new RawClient(proxy.port).send(post("some", "Content-Length: 1000"));
  expect(statusOf(await client.until((text) => text.includes("\r\n\r\n")))).toBe(413);
  client.close();
  await reported(proxy, ({ active }) => active === 0);
});

test("a WebSocket is refused where it speaks HTTP/2 alone, which is no failure of it", async () => {
  const { port, requests } = await target((stream) => ok(stream));
  const proxy = await proxyTo(`{ target: "h2c://127.0.0.1:${port}", health: { failures: 1 } }`);
  const upgrade =
    "GET / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  const client = new RawClient(proxy.port).send(upgrade);
  expect(statusOf(await client.until((text) => text.includes("\r\n\r\n")))).toBe(502);
  client.close();
  expect(statusOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe(200);
  expect([requests.length, (await reportOf(proxy)).failures]).toEqual([1, 0]);
});

test("gRPC goes over HTTP/1.1 where a target with TLS does not agree on HTTP/2: once asked, it stays up", async () => {
  const offers: (string | false)[] = [];
  const server = createTlsServer(
    {
      cert: readFileSync(fixture("localhost-cert")),
      key: readFileSync(fixture("localhost-key")),
      ALPNProtocols: ["http/1.1"],
    },
    (socket) => {
      offers.push(socket.alpnProtocol ?? false);
      let text = "";
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        if (!text.endsWith("0\r\n\r\n")) return;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngrpc`);
        text = "";
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  const { port } = server.address() as { port: number };
  const tls = `tls: { ca: ${fixture("localhost-cert")} }, health: { failures: 1 }`;
  const proxy = await proxyTo(`{ target: "https://localhost:${port}", ${tls} }`);
  for (let count = 0; count < 3; count++) {
    const answer = await exchange(proxy.port, chunked("3\r\nabc\r\n0\r\n\r\n", "Content-Type: application/grpc+proto"));
    expect([statusOf(answer), bodyOf(answer)]).toEqual([200, "grpc"]);
  }
  expect(await reportOf(proxy)).toMatchObject({ state: "up", failures: 0, active: 0 });
  expect(offers.length).toBe(2);
});

test("requests of one target are limited and wait as over HTTP/1.1", async () => {
  const waiting: ServerHttp2Stream[] = [];
  const { port } = await target((stream) => void waiting.push(stream));
  const limits = "{ perTarget: 1, waiting: 1, wait: 10s }";
  const proxy = await proxyTo(`{ target: "h2c://127.0.0.1:${port}", limits: ${limits} }`);
  const all = [1, 2, 3].map(() => exchange(proxy.port, get("/", "app.home.arpa")));
  expect(statusOf(await Promise.race(all))).toBe(503);
  await until(() => waiting.length === 1);
  ok(waiting[0]!, "one");
  await until(() => waiting.length === 2);
  ok(waiting[1]!, "two");
  expect((await Promise.all(all)).map(bodyOf)).toEqual(
    expect.arrayContaining(["3\r\none\r\n0\r\n\r\n", "3\r\ntwo\r\n0\r\n\r\n"]),
  );
});

test("its health is asked for over HTTP/2", async () => {
  let status = 503;
  const { port, requests } = await target((stream) => {
    stream.respond({ ":status": status }, { endStream: true });
  });
  const health = "{ path: /up, check: 20ms, failures: 1 }";
  const proxy = await proxyTo(`{ target: "h2c://127.0.0.1:${port}", health: ${health} }`);
  await reported(proxy, ({ state }) => state === "down");
  status = 200;
  await reported(proxy, ({ state }) => state === "up");
  expect(requests[0]!.headers).toMatchObject({ ":method": "GET", ":path": "/up" });
});
