/** One test a line of the list of what home servers were broken by: C the control plane, M metrics and logs. */
import { describe, expect, test } from "bun:test";
import { readTokenOf } from "../../../src/app/mod.ts";
import { BEARER, FORM, HASH, head, inside, JSON_BODY, OWN_PAGE, raw, TOKEN, worldOf } from "./support.ts";

describe("C01 a change is rejected", () => {
  const all = { ...OWN_PAGE };
  const { "x-tenk": _, ...withoutHeader } = all;
  const { origin: __, "sec-fetch-site": ___, ...withoutOrigin } = all;
  test.each([
    ["without the cookie", {}, all, 401],
    ["without our header", { cookie: true }, withoutHeader, 403],
    ["from another origin", { cookie: true }, { ...all, origin: "http://evil.example" }, 403],
    ["from another port of this host", { cookie: true }, { ...all, origin: "http://192.0.2.1:8080" }, 403],
    ["from an origin that is none", { cookie: true }, { ...all, origin: "null" }, 403],
    ["from another site, as the browser says", { cookie: true }, { ...all, "sec-fetch-site": "cross-site" }, 403],
    ["from a site beside it", { cookie: true }, { ...all, "sec-fetch-site": "same-site" }, 403],
    ["where nothing says where it comes from", { cookie: true }, withoutOrigin, 403],
    ["as a form sends it", { cookie: true }, { ...all, "content-type": "text/plain" }, 400],
  ])("%s", async (_name, { cookie: hasCookie = false }: { cookie?: boolean }, headers, code) => {
    const { world, close, cookie } = await inside();
    const response = await close({ ...headers, ...(hasCookie ? { cookie } : {}) });
    expect([response.status, world.closed]).toEqual([code, []]);
  });

  test("from loopback without the token", async () => {
    const { world, close } = await inside();
    const response = await close(OWN_PAGE, { peer: "127.0.0.1" });
    expect([response.status, world.closed]).toEqual([403, []]);
  });

  test.each(["/api/tcp/connections/close", "/api/runs", "/api/runs/live"])("at %s without our header", async (path) => {
    const { ask } = await inside();
    const response = await ask(path, { method: "POST", headers: { ...BEARER, ...JSON_BODY }, body: "{}" });
    expect(response.status).toBe(403);
  });

  test("but accepted from our own page, and from a program with the token", async () => {
    const { world, close, cookie } = await inside();
    expect((await close({ ...OWN_PAGE, cookie })).status).toBe(200);
    expect((await close({ ...BEARER, "x-tenk": "1" })).status).toBe(200);
    // In the clear a browser sends Origin alone.
    const { "sec-fetch-site": _, ...clear } = OWN_PAGE;
    expect((await close({ ...clear, cookie })).status).toBe(200);
    expect(world.closed).toEqual([7, 7, 7]);
  });

  test("the session's cookie is never sent by another site's page", async () => {
    const { ask } = worldOf();
    const words = (await ask(`/?token=${TOKEN}`)).headers.get("set-cookie");
    expect(words).toMatch(/^tenk-9190=[\w-]{43}; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    const behindTls = await ask(`/?token=${TOKEN}`, { headers: { "x-forwarded-proto": "https" } });
    expect(behindTls.headers.get("set-cookie")).toEndWith("; Secure");
  });

  test("another site's form cannot log in", async () => {
    const { ask, access } = worldOf({ passwordHash: HASH });
    for (const headers of [{}, { origin: "http://evil.example" }, { ...OWN_PAGE, "sec-fetch-site": "cross-site" }]) {
      const form = { method: "POST", headers: { ...FORM, ...headers }, body: "word=correct+horse" };
      expect((await ask("/login", form)).status).toBe(403);
    }
    expect(access.sessions.size).toBe(0);
  });
});

test("C01 the read-only token reads from anywhere, and changes nothing", async () => {
  const { ask, world, access } = worldOf();
  const headers = { authorization: `Bearer ${readTokenOf(TOKEN)}` };
  const ways = { ...headers, "x-tenk": "1", ...JSON_BODY };
  for (const peer of ["192.0.2.7", "127.0.0.1"]) {
    expect((await ask("/api/status", { peer, headers })).status).toBe(200);
    const response = await ask("/api/tcp/connections/close", { peer, method: "POST", headers: ways, body: '{"id":7}' });
    expect([response.status, world.closed]).toEqual([403, []]);
  }
  expect((await ask(`/?token=${readTokenOf(TOKEN)}`, { peer: "192.0.2.7" })).headers.get("set-cookie")).toBeNull();
  expect(access.sessions.size).toBe(0);
});

describe("C02 a Host that is not allowed reads nothing", () => {
  test.each(["/", "/metrics", "/api/status", "/api/live", "/healthz", "/login"])("%s", async (path) => {
    const server = await worldOf().serve();
    const answer = await raw(server.port, head(`GET ${path} HTTP/1.1`, "Host: rebound.evil.example"));
    const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="];
    const socket = await raw(server.port, head(`GET ${path} HTTP/1.1`, "Host: rebound.evil.example", ...upgrade));
    await server.stop();
    expect(answer).toStartWith("HTTP/1.1 421");
    expect(socket).toStartWith("HTTP/1.1 421");
  });
});

test.each([
  ["0.0.0.0", "rebound.evil.example:9190", 421],
  ["0.0.0.0", "192.0.2.1:9190", 200],
  ["127.0.0.1", "192.0.2.1:9190", 421],
  ["192.0.2.1", "198.51.100.1", 421],
  ["::", "[2001:db8::1]:9190", 200],
])("C02 bound to %s the name %s gets %d", async (host, name, code) => {
  const { ask } = worldOf({ host });
  expect((await ask("/api/status", { peer: "127.0.0.1", headers: { host: name } })).status).toBe(code);
});

describe("C03 a stranger is rejected", () => {
  test.each([
    ["GET", "/api/status"],
    ["HEAD", "/api/status"],
    ["POST", "/api/runs"],
    ["GET", "//api/status"],
    ["GET", "/%61pi/status"],
    ["GET", "/healthz/../api/status"],
    ["GET", "/healthz%2f..%2fapi%2fstatus"],
    ["GET", "/login/../metrics"],
    ["GET", "/api/status;/healthz"],
    ["GET", "/api/status?x=/healthz"],
    ["GET", "/api/status#/healthz"],
    ["GET", "/metrics/"],
    ["GET", "/api/live"],
    ["GET", "/api/log"],
    ["GET", "/assets/page.js"],
  ])("by %s %s", async (method, path) => {
    for (const peer of ["192.0.2.7", "::ffff:192.0.2.7", "fe80::1%eth0", "2001:db8::1"]) {
      const { ask } = worldOf();
      expect((await ask(path, { peer, method })).status).toBe(401);
    }
  });

  test.each([
    [
      "an upgrade to HTTP/2",
      ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"],
    ],
    ["an upgrade to a WebSocket", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]],
    ["a host with a dot at its end", ["Host: localhost."]],
  ])("by %s", async (_, lines) => {
    // A proxy's header makes of this machine a stranger.
    const server = await worldOf().serve();
    const host = lines.some((line) => line.startsWith("Host")) ? [] : ["Host: localhost"];
    const answer = await raw(server.port, head("GET /api/status HTTP/1.1", ...host, "Via: 1.1 a", ...lines));
    await server.stop();
    expect(answer).toMatch(/^HTTP\/1\.1 (401|421) /);
    expect(answer).not.toContain('{"a":1}');
  });

  test("by HTTP/2 from the start", async () => {
    const server = await worldOf().serve();
    const answer = await raw(server.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 300);
    await server.stop();
    expect(answer).not.toMatch(/ 200 |"a":1/);
  });

  const standard = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"];
  const own = ["X-Forwarded", "X-Forwarded-Port", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"];
  test.each([...standard, ...own])("by way of a proxy on this machine that adds %s", async (name) => {
    const { ask } = worldOf();
    expect((await ask("/api/status", { peer: "127.0.0.1" })).status).toBe(200);
    expect((await ask("/api/status", { peer: "::1" })).status).toBe(200);
    expect((await ask("/api/status", { peer: "::ffff:127.0.0.1" })).status).toBe(200);
    expect((await ask("/api/status", { peer: "127.0.0.1", headers: { [name]: "127.0.0.1" } })).status).toBe(401);
  });

  test("while another site's page on this machine reads and streams nothing", async () => {
    const { ask } = worldOf();
    for (const site of ["cross-site", "same-site"]) {
      const headers = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" };
      expect((await ask("/api/live", { peer: "127.0.0.1", headers })).status).toBe(403);
      // A navigation it is called in frames too, whose answers would be made and thrown away.
      for (const [dest, code] of Object.entries({ iframe: 403, frame: 403, embed: 403, object: 403, document: 200 })) {
        const navigating = { "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": dest };
        const { status } = await ask("/api/status", { peer: "127.0.0.1", headers: navigating });
        expect([dest, status]).toEqual([dest, code]);
      }
    }
  });
});

describe("C09 read access changes nothing", () => {
  test.each([
    ["POST", "/api/tcp/connections/close"],
    ["POST", "/api/tcp/connections/close/"],
    ["POST", "//api/tcp/connections/close"],
    ["POST", "/api/runs/../connections/close"],
    ["POST", "/metrics/../api/tcp/connections/close"],
    ["POST", "/login/../api/tcp/connections/close"],
    ["POST", "/login/api/tcp/connections/close"],
    ["PUT", "/api/tcp/connections/close"],
    ["PATCH", "/api/tcp/connections/close"],
    ["GET", "/api/tcp/connections/close"],
    ["GET", "/api/tcp/connections/close?_method=POST"],
    ["HEAD", "/api/tcp/connections/close"],
  ])("by %s %s", async (method, path) => {
    for (const [peer, isScraper] of [
      ["127.0.0.1", false],
      ["198.51.100.9", true],
    ] as const) {
      const { world, ask } = await inside({ scrapers: ["198.51.100.9"] });
      const headers = { ...OWN_PAGE, ...JSON_BODY, "x-http-method-override": "POST" };
      const body = method === "GET" || method === "HEAD" ? {} : { body: '{"listener":"packets","id":7}' };
      const { status } = await ask(path, { peer, method, headers, ...body });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(world.closed).toEqual([]);
      if (isScraper) expect((await ask("/api/status", { peer })).status).toBe(401);
    }
  });
});
