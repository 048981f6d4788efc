import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Server } from "../../src/net/mod.ts";
import { bodyOf, echoTarget, exchange, get, proxyOptions, type RawTarget, startProxy, statusOf } from "./support.ts";

let target: RawTarget;
let proxy: Server;
let trusting: Server;

beforeAll(async () => {
  target = await echoTarget();
  const services = `
  app: http://127.0.0.1:${target.port}
  api: { target: http://127.0.0.1:${target.port}, hosts: [api.home.arpa], path: /api, strip: true }
  edit:
    target: http://127.0.0.1:${target.port}
    hosts: [edit.home.arpa]
    headers:
      request: { set: { X-Set: "by tenk" }, add: { X-Add: more }, remove: [X-Gone] }
      response: { set: { X-Frame-Options: DENY }, remove: [Content-Length-Nothing] }
`;
  proxy = await startProxy(proxyOptions(services));
  trusting = await startProxy(proxyOptions(services, { trustedProxies: ["127.0.0.0/8"] }));
});
afterAll(async () => {
  await Promise.all([proxy.stop({ graceMs: 0 }), trusting.stop({ graceMs: 0 })]);
  target.stop();
});

/** The request as the target got it. */
const seen = async (server: Server, host: string, path: string, ...fields: string[]) =>
  bodyOf(await exchange(server.port, get(path, host, ...fields)));

test("a request arrives with the fields about its client, and nothing is re-encoded", async () => {
  expect(await seen(proxy, "app.home.arpa", "/a%2Fb//c;d?x=%20&y", "accept: a, b", "X-Odd:  two  blanks ")).toBe(
    [
      "GET /a%2Fb//c;d?x=%20&y HTTP/1.1",
      "Host: app.home.arpa",
      "accept: a, b",
      "X-Odd:  two  blanks",
      "X-Forwarded-For: 127.0.0.1",
      "X-Forwarded-Proto: http",
      "Via: 1.1 tenk",
      "X-Forwarded-Host: app.home.arpa",
      "",
      "",
    ].join("\r\n"),
  );
});

test("clients that come one after the other share neither addresses nor services", async () => {
  for (const [address, host, path] of [
    ["127.0.0.1", "app.home.arpa", "/api/x"],
    ["127.0.0.2", "app.home.arpa", "/api/x"],
    ["127.0.0.2", "api.home.arpa", "/x"],
    ["127.0.0.1", "api.home.arpa", "/x"],
    ["127.0.0.1", "app.home.arpa", "/api/x"],
  ] as const) {
    const request = bodyOf(await exchange(proxy.port, get("/api/x", host), address));
    expect(request).toStartWith(`GET ${path} HTTP/1.1\r\n`);
    expect(request).toContain(`X-Forwarded-For: ${address}\r\n`);
    expect(request).toContain(`X-Forwarded-Host: ${host}\r\n`);
  }
});

describe("a client that is no trusted proxy cannot say", () => {
  test.each([
    "X-Forwarded-For: 10.9.9.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /x",
    "X-Forwarded-User: admin",
    "X-Real-IP: 10.9.9.9",
    "Forwarded: for=10.9.9.9",
    "Proxy: http://10.9.9.9",
    "X_Forwarded_For: 10.9.9.9",
    "Remote.User: admin",
    "HTTP2-Settings: AAMAAABkAAQAAP__",
    "Keep-Alive: timeout=9",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eDp5",
    "TE: gzip",
    "Trailer: X-T",
    "Alt-Svc: h3",
  ])("%s", async (field) => {
    const value = field.slice(field.indexOf(":") + 2);
    const request = await seen(proxy, "app.home.arpa", "/", field);
    expect(request).not.toContain(`: ${value}\r\n`);
    expect(request).not.toMatch(/^te:/im);
    expect(request).toContain("X-Forwarded-For: 127.0.0.1\r\n");
  });
});

test("a client cannot have fields of the proxy removed by Connection", async () => {
  const fields = ["Connection: X-Forwarded-For, Via, X-Mine, close", "X-Mine: gone", "X-Yours: stays"];
  const request = await seen(proxy, "app.home.arpa", "/", ...fields);
  expect(request).toContain("X-Forwarded-For: 127.0.0.1\r\n");
  expect(request).toContain("Via: 1.1 tenk\r\n");
  expect(request).toContain("X-Yours: stays\r\n");
  expect(request).not.toContain("X-Mine");
  expect(request).not.toMatch(/^Connection:/im);
});

test("TE: trailers is kept, for gRPC", async () => {
  expect(await seen(proxy, "app.home.arpa", "/", "TE: trailers")).toContain("TE: trailers\r\n");
});

test("a trusted proxy's chain is continued, and its scheme kept", async () => {
  const fields = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 10.0.0.1, bad value", "X-Forwarded-Proto: https"];
  const request = await seen(trusting, "app.home.arpa", "/", ...fields);
  expect(request).toContain("X-Forwarded-For: 203.0.113.9, 10.0.0.1, 127.0.0.1\r\n");
  expect(request).toContain("X-Forwarded-Proto: https\r\n");
  expect(request.match(/X-Forwarded-For/gi)).toHaveLength(1);
});

test("of a trusted proxy's chain the last 32 addresses are passed on, and no scheme but the two", async () => {
  const chain = Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`);
  const fields = [`X-Forwarded-For: ${chain.join(", ")}`, "X-Forwarded-Proto: gopher"];
  const request = await seen(trusting, "app.home.arpa", "/", ...fields);
  expect(request).toContain(`X-Forwarded-For: ${chain.slice(8).join(", ")}, 127.0.0.1\r\n`);
  expect(request).toContain("X-Forwarded-Proto: http\r\n");
});

describe("a stripped path", () => {
  test.each([
    ["/api", "/"],
    ["/api/", "/"],
    ["/api?x", "/?x"],
    ["/api/v1?x", "/v1?x"],
    ["/api//v1", "//v1"],
  ])("%s is %s", async (path, stripped) => {
    expect(await seen(proxy, "api.home.arpa", path)).toStartWith(`GET ${stripped} HTTP/1.1\r\n`);
  });

  test.each([
    ["/apis", 404],
    ["/", 404],
    ["/api/../secret", 400],
    ["/api/%2e%2e/secret", 400],
  ])("%s is answered with %i and reaches no target", async (path, status) => {
    const before = target.sockets.length;
    expect(statusOf(await exchange(proxy.port, get(path, "api.home.arpa")))).toBe(status);
    expect(target.sockets.length).toBe(before);
  });
});

test("a service's own fields are set, added and removed", async () => {
  const answer = await exchange(proxy.port, get("/", "edit.home.arpa", "x-set: client", "X-GONE: 1", "X-Add: first"));
  const request = bodyOf(answer);
  expect(request).toContain("X-Set: by tenk\r\n");
  expect(request).not.toContain("client");
  expect(request).not.toMatch(/x-gone/i);
  expect(request).toContain("X-Add: first\r\n");
  expect(request).toContain("X-Add: more\r\n");
  expect(answer).toContain("X-Frame-Options: DENY\r\n");
});

test.each([
  ["nobody.example.org", 404],
  ["box.home.arpa", 200],
  ["127.0.0.1", 200],
  ["[::1]:80", 200],
  ["APP.Home.Arpa.", 200],
  ["app.home.arpa:8443", 200],
])("the host %s is answered with %i", async (host, status) => {
  expect(statusOf(await exchange(proxy.port, get("/x", host)))).toBe(status);
});
