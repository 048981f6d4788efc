import { afterAll, describe, expect, test } from "bun:test";
import { isAllowedHost } from "../../../src/app/admin/allowed-host.ts";
import { head, raw, TOKEN, worldOf } from "./support.ts";

const { world, ask, serve } = worldOf();
const server = await serve();
afterAll(() => server.stop());
const url = `http://127.0.0.1:${server.port}`;
world.assets.set("/", {
  type: "text/html; charset=utf-8",
  bytes: Buffer.from("<!doctype html>"),
  gzip: Bun.gzipSync("<!doctype html>"),
  isForever: false,
});

describe("the dashboard's port", () => {
  test.each([
    ["/", 200, "text/html; charset=utf-8", "<!doctype html>"],
    ["/healthz", 200, "text/plain; charset=utf-8", "ok\n"],
    ["/healthz?x=1", 200, "text/plain; charset=utf-8", "ok\n"],
    ["/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "a_total 1\n"],
    ["/api/status", 200, "application/json", '{"a":1}\n'],
    ["/nothing", 404, "application/json", '{"error":"nothing is at /nothing"}\n'],
    ["/__proto__", 404, "application/json", '{"error":"nothing is at /__proto__"}\n'],
    ["/api/constructor", 404, "application/json", '{"error":"nothing is at /api/constructor"}\n'],
  ])("answers GET %s with %d", async (path, code, type, body) => {
    const response = await fetch(url + path);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([code, type, body]);
  });

  test("answers 503 while it is stopping", async () => {
    world.healthy = false;
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    world.healthy = true;
  });

  test.each([
    ["/metrics", "POST", "GET, HEAD"],
    ["/api/status", "DELETE", "GET, HEAD"],
    ["/api/tcp/connections/close", "GET", "POST"],
    ["/api/runs", "PUT", "GET, HEAD, POST"],
    ["/login", "PUT", "GET, HEAD, POST"],
  ])("rejects at %s the method %s", async (path, method, allow) => {
    const response = await fetch(url + path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  });

  test.each(["/", "/metrics", "/api/status", "/api/live", "/api/log"])(
    "answers HEAD %s as GET without a body",
    async (path) => {
      const text = await raw(server.port, head(`HEAD ${path} HTTP/1.1`, "Host: localhost"));
      expect(text).toStartWith("HTTP/1.1 200");
      expect(text.split("\r\n\r\n")[1]).toBe("");
    },
  );

  test("sets the security headers on every response, errors included", async () => {
    for (const path of ["/", "/healthz", "/metrics", "/api/status", "/nothing", "/login", "/api/series"]) {
      const { headers } = await fetch(url + path);
      expect(headers.get("content-security-policy")).toMatch(
        path === "/login"
          ? /^default-src 'none'; script-src 'self'; style-src 'sha256-[\w+/]{43}=';/
          : /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(headers.get("content-security-policy")).toContain(
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe(path === "/" ? "no-cache" : "no-store");
    }
  });

  test("packs the page as the browser can unpack it, and sends it once", async () => {
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
    const tag = plain.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const [accepted, used] of [
      ["gzip, br", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip", "gzip"],
      ["identity", null],
    ] as const) {
      const response = await fetch(url, { headers: { "accept-encoding": accepted }, decompress: false });
      expect([accepted, response.headers.get("content-encoding")]).toEqual([accepted, used]);
      expect(response.headers.get("vary")).toBe("accept-encoding");
    }
    for (const known of [tag, `"other", W/${tag}`]) {
      const response = await fetch(url, { headers: { "if-none-match": known } });
      expect([response.status, await response.text()]).toEqual([304, ""]);
    }
  });

  test("hides the reason of a failure from the client and logs it", async () => {
    world.status = () => {
      throw new Error("secret path /srv/keys");
    };
    const response = await fetch(`${url}/api/status`);
    expect([response.status, await response.text()]).toEqual([500, '{"error":"it failed; the log says why"}\n']);
    expect(JSON.stringify(world.said.lines)).toContain("secret path");
    world.status = () => ({ a: 1 });
  });

  test("refuses a body that is too long, declared or not", async () => {
    const bearer = ["Host: localhost", `Authorization: Bearer ${TOKEN}`, "X-Tenk: 1", "Content-Type: application/json"];
    const long = "x".repeat(5000);
    const declared =
      head("POST /api/tcp/connections/close HTTP/1.1", ...bearer, `Content-Length: ${long.length}`) + long;
    const chunk = `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`;
    const chunked = head("POST /api/tcp/connections/close HTTP/1.1", ...bearer, "Transfer-Encoding: chunked") + chunk;
    for (const text of [declared, chunked])
      expect(await raw(server.port, text)).toContain("expected at most 4096 bytes");
    const huge = head("POST /api/runs HTTP/1.1", ...bearer, "Content-Length: 99000000");
    expect(await raw(server.port, huge)).toStartWith("HTTP/1.1 413");
  });
});

describe("a Host is ours", () => {
  test.each([
    ["127.0.0.1:9190", "127.0.0.1", true],
    ["127.3.2.1", "127.0.0.1", true],
    ["[::1]:9190", "127.0.0.1", true],
    ["LOCALHOST", "127.0.0.1", true],
    ["192.168.1.7:9190", "192.168.1.7", true],
    ["192.168.1.7:9190", "0.0.0.0", true],
    ["192.168.1.7:9190", "127.0.0.1", false],
    ["box.home", "0.0.0.0", false],
    ["127.0.0.1.evil.example", "127.0.0.1", false],
    ["127.evil.example", "127.0.0.1", false],
    ["localhost, evil.example", "127.0.0.1", false],
    ["localhost.", "127.0.0.1", false],
    ["", "", false],
  ])("%j when bound to %j: %p", (header, bound, ours) => {
    expect(isAllowedHost(header, bound)).toBe(ours);
  });

  test("where the configuration names it", () => {
    expect(isAllowedHost("Box.Home.Arpa:443", "127.0.0.1", ["box.home.arpa"])).toBe(true);
    expect(isAllowedHost("evil.example", "127.0.0.1", ["box.home.arpa"])).toBe(false);
  });
});

test("a stranger gets the form at the page, and words elsewhere", async () => {
  const page = await ask("/");
  expect([page.status, page.headers.get("content-type")]).toEqual([401, "text/html; charset=utf-8"]);
  const text = await page.text();
  expect(text).toContain('<form method="post" action="login">');
  expect(text).not.toMatch(/<script|style=| on[a-z]+=/);
  const api = await ask("/api/status");
  expect([api.status, await api.json()]).toMatchObject([401, { error: "authentication required" }]);
});

describe("a stranger who cannot speak HTTP fails nothing, and writes nothing into the log", () => {
  const form = ["Origin: http://localhost", "Content-Type: application/x-www-form-urlencoded"];
  test.each([
    ["with a port that is none", head("GET /healthz HTTP/1.1", "Host: localhost:99999"), 400],
    ["with such a port in its Origin too", head("POST /login HTTP/1.1", "Host: localhost:99999", ...form), 400],
    [
      "who leaves within a body",
      `${head("POST /login HTTP/1.1", "Host: localhost", ...form, "Transfer-Encoding: chunked")}zz\r\n`,
      400,
    ],
  ])("%s", async (_, bytes, code) => {
    const { world, serve } = worldOf();
    const server = await serve();
    expect(await raw(server.port, bytes)).toStartWith(`HTTP/1.1 ${code} `);
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
    await server.stop();
    expect(world.said.lines).toEqual([]);
  });
});
