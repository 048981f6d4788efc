import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BodyFraming, type Exchange } from "../../../src/http/mod.ts";
import { hasNginx, startNginx } from "../../app/admin/nginx-support.ts";
import { Site, serve, TLS, type Visit } from "../../http/server/support.ts";
import { runHttp } from "./support.ts";

/** Node's own server, with how often it answered. */
async function nodeServer(listener: RequestListener, isSecure = false) {
  const seen = { requests: 0, connections: 0, headers: {} as Record<string, unknown>, body: "", method: "" };
  const count: RequestListener = (request, response) => {
    seen.requests += 1;
    seen.headers = request.headers;
    seen.method = request.method ?? "";
    let body = "";
    request.on("data", (bytes) => {
      body += bytes;
    });
    request.on("end", () => {
      seen.body = body;
      listener(request, response);
    });
  };
  const keys = { cert: readFileSync(TLS.cert), key: readFileSync(TLS.key) };
  const server = isSecure ? createTlsServer(keys, count) : createServer(count);
  server.on(isSecure ? "secureConnection" : "connection", () => {
    seen.connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    seen,
    url: `${isSecure ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("against node:http", () => {
  test.each([
    ["in the clear", false],
    ["under TLS", true],
  ])("%s: every request is answered, and counted as the server counts it", async (_, isSecure) => {
    await using server = await nodeServer((_, response) => response.end("hello"), isSecure);
    const options = { connections: 4, requests: 400, verifyTls: false };
    const { protocol, messages, connections, latencyUs, verdict } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({
      status: { 200: 400 },
      errors: 0,
      wrongStatus: 0,
      bodyBytes: 2000,
      model: "closed",
    });
    expect(messages).toMatchObject({
      planned: 400,
      sent: 400,
      answered: 400,
      unanswered: 0,
      unexpected: 0,
      dropped: 0,
    });
    expect(connections).toMatchObject({ opened: 4, reopened: 0, failed: 0, lost: 0 });
    expect([server.seen.requests, server.seen.connections]).toEqual([400, 4]);
    for (const name of ["message", "service", "firstByte"] as const) expect(latencyUs[name].count).toBe(400);
    expect(latencyUs.firstByte.p50).toBeLessThanOrEqual(latencyUs.service.p50);
    expect(Object.keys(protocol.latencyUs)).toEqual(isSecure ? ["tcp", "tls"] : ["tcp"]);
    expect(verdict.pass).toBe(true);
  });

  test("a certificate that nobody vouches for fails the connections, with the cause", async () => {
    await using server = await nodeServer((_, response) => response.end(), true);
    const { connections, endedBy } = await runHttp(server.url, { connections: 2 });
    expect(connections).toMatchObject({ opened: 0, failed: 2 });
    expect(Object.keys(connections.byCause)).toEqual([expect.stringContaining("TLS handshake failed: ")]);
    expect(endedBy).toBe("no-connections");
  });

  test("a Unix socket is connected to, and the URL's host asked for", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "tenk-http-")), "socket");
    const hosts = new Set<string | undefined>();
    const server = createServer(({ headers }, response) => {
      hosts.add(headers.host);
      response.end("hello");
    });
    server.listen(path);
    await once(server, "listening");
    const { protocol, target } = await runHttp("http://a.example/b", { requests: 5, path });
    server.closeAllConnections();
    server.close();
    rmSync(dirname(path), { recursive: true });
    expect(protocol).toMatchObject({ status: { 200: 5 }, url: "http://a.example/b" });
    expect([target, [...hosts]]).toEqual([path, ["a.example"]]);
  });

  test("a name is looked up once, and that is timed", async () => {
    await using server = await nodeServer((_, response) => response.end("hello"));
    const url = server.url.replace("127.0.0.1", "localhost");
    const { protocol, connections } = await runHttp(url, { connections: 3, requests: 9 });
    expect(protocol.latencyUs.lookup?.count).toBe(1);
    expect(protocol.latencyUs.tcp?.count).toBe(3);
    expect(connections.byAddress?.["127.0.0.1"]).toEqual({ connected: 3 });
  });

  test("method, headers and body arrive as they were given", async () => {
    await using server = await nodeServer((_, response) => response.writeHead(201).end());
    const headers = [["X-One", "1"], ["Host", "a.example"], ["Content-Type", "text/plain"]] as const; // biome-ignore format: one thought
    const body = new TextEncoder().encode("the body");
    const { protocol } = await runHttp(`${server.url}path?q=1`, { requests: 3, headers, body, method: "PUT" });
    expect(protocol).toMatchObject({ status: { 201: 3 }, method: "PUT", errors: 0 });
    expect(server.seen).toMatchObject({ method: "PUT", body: "the body" });
    expect(server.seen.headers).toMatchObject({ host: "a.example", "x-one": "1", "content-length": "8" });
  });

  test("several event loops share requests and counts", async () => {
    await using server = await nodeServer((_, response) => response.end("hello"));
    const { protocol, messages, connections } = await runHttp(server.url, {
      connections: 5,
      requests: 101,
      workers: 2,
    });
    expect(protocol).toMatchObject({ status: { 200: 101 }, bodyBytes: 505, errors: 0 });
    expect([messages.answered, connections.opened, server.seen.requests]).toEqual([101, 5, 101]);
  });

  test("HEAD, 204 and 304 have no body; redirects are counted and not followed", async () => {
    let count = 0;
    await using server = await nodeServer((_, response) => {
      const status = [200, 204, 304, 302, 307][count++ % 5]!;
      response.writeHead(status, status === 302 ? { Location: "/elsewhere" } : {}).end();
    });
    const { protocol } = await runHttp(server.url, { requests: 10, method: "HEAD" });
    expect(protocol).toMatchObject({
      status: { 200: 2, 204: 2, 304: 2, 302: 2, 307: 2 },
      redirects: 4,
      bodyBytes: 0,
      errors: 0,
    });
    expect(server.seen.requests).toBe(10);
  });
});

test.each([1, 4])("with connections that are not kept each request has its own: %d at a time", async (connections) => {
  await using server = await nodeServer((_, response) => response.end("hello"));
  const report = await runHttp(server.url, { connections, requests: 50, keepAlive: false });
  expect(report.protocol).toMatchObject({ status: { 200: 50 }, errors: 0 });
  expect(report.connections).toMatchObject({ failed: 0, lost: 0 });
  expect(server.seen.requests).toBe(50);
  // Those that are opened again after the last answers carry none.
  expect(server.seen.connections).toBeGreaterThanOrEqual(50);
  expect(server.seen.headers.connection).toBe("close");
});

/** Answers by length or by chunks. */
function inManyWays(exchange: Exchange<Visit>, { target }: Visit): void {
  exchange.begin(200);
  const content = new Uint8Array(100_000).fill(0x61);
  if (target.startsWith("/length")) exchange.sendHead(content.length, content);
  else {
    exchange.sendHead(BodyFraming.unknown, content.subarray(0, 10));
    exchange.send(content.subarray(10));
  }
  exchange.end();
}

describe("against tenk's own server", () => {
  test.each(["/length", "/chunks"])("bodies are read to their end: %s", async (path) => {
    const site = new Site(inManyWays);
    const server = await serve(site);
    const { protocol, messages } = await runHttp(`http://127.0.0.1:${server.port}${path}`, {
      connections: 2,
      requests: 40,
    });
    await server.stop({ graceMs: 0 });
    expect(protocol).toMatchObject({ status: { 200: 40 }, bodyBytes: 4_000_000, errors: 0 });
    expect([messages.answered, site.visits.length]).toEqual([40, 40]);
  });

  test("pipelined requests are answered in their order, several at a time", async () => {
    const site = new Site();
    const server = await serve(site);
    const { protocol, messages, latencyUs } = await runHttp(`http://127.0.0.1:${server.port}/`, {
      requests: 1000,
      pipeline: 8,
    });
    await server.stop({ graceMs: 0 });
    expect(protocol).toMatchObject({ status: { 200: 1000 }, errors: 0, perConnection: 8 });
    expect([messages.answered, latencyUs.firstByte.count, site.visits.length]).toEqual([1000, 1000, 1000]);
  });
});

describe("what is expected of answers", () => {
  test.each([
    ["200", "p50<10s", true, {}],
    ["2xx,404", "wrongstatus=0", true, {}],
    ["404", "wrongstatus=0", false, { wrongStatus: 6 }],
    ["200", "wrongstatus<=50%", true, {}],
  ])("status %s, %s: %p", async (expectStatus, expectation, pass, found) => {
    await using server = await nodeServer((_, response) => response.end("hello"));
    const { protocol, verdict } = await runHttp(server.url, { requests: 6, expectStatus, expectations: [expectation] });
    expect(protocol).toMatchObject(found);
    expect(verdict.pass).toBe(pass);
  });

  test("a text is found across reads and chunks, and missed where it is not there", async () => {
    let count = 0;
    await using server = await nodeServer((_, response) => {
      count += 1;
      response.write(count % 2 === 0 ? "a need" : "a nee");
      setTimeout(() => response.end(count % 2 === 0 ? "le!" : "l!"), 5);
    });
    const expectBody = new TextEncoder().encode("needle");
    const { protocol, verdict } = await runHttp(server.url, { requests: 10, expectBody });
    expect(protocol).toMatchObject({ wrongBody: 5, status: { 200: 10 } });
    expect(verdict.reason).toContain("wrongbody=0");
  });

  test.each([
    ["2xx=5", true],
    ["5xx=0", false],
    ["errors=0", true],
    ["4xx+5xx<=50%", true],
  ])("classes of statuses: %s", async (expectation, pass) => {
    let count = 0;
    await using server = await nodeServer((_, response) => response.writeHead(count++ % 2 === 0 ? 200 : 503).end());
    const { verdict } = await runHttp(server.url, { requests: 10, expectations: [expectation] });
    expect(verdict.pass).toBe(pass);
  });
});

describe("against nginx", () => {
  if (!hasNginx()) return;
  const SERVER = `keepalive_requests 10; location / { return 200 "hello"; } location /gone { return 503; }`;

  test("connections that the server closes by its own limit are opened again, and no request is lost", async () => {
    await using server = await startNginx(SERVER);
    const { protocol, connections, messages, verdict } = await runHttp(`${server.url}/`, {
      connections: 4,
      requests: 400,
    });
    expect(protocol).toMatchObject({ status: { 200: 400 }, errors: 0 });
    expect(connections).toMatchObject({ failed: 0, lost: 0 });
    expect(connections.reopened).toBeGreaterThanOrEqual(36);
    expect(messages.answered).toBe(400);
    expect(verdict.pass).toBe(true);
  });

  test("statuses that are not expected fail the run, and say so", async () => {
    await using server = await startNginx(SERVER);
    const { protocol, verdict } = await runHttp(`${server.url}/gone`, { requests: 20 });
    expect(protocol).toMatchObject({ status: { 503: 20 }, wrongStatus: 20, errors: 0 });
    expect(verdict.reason).toBe("does not hold: wrongstatus=0");
  });
});
