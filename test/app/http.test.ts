import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { isOurs, serveSurface } from "../../src/app/http.ts";

let healthy = true;
const surface = serveSurface({
  host: "127.0.0.1",
  port: 0,
  healthy: () => healthy,
  status: () => ({ a: 1 }),
  metrics: async (format) => (format === "text" ? "a_total 1\n" : "# EOF\n"),
  page: () => "hello\n",
});
afterAll(() => surface.stop());

/** The raw head, so that Host can be what no client would send. */
function ask(head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(surface.port, "127.0.0.1", () => socket.write(`${head}\r\nConnection: close\r\n\r\n`));
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

describe("the status surface", () => {
  test.each([
    ["/", 200, "text/plain; charset=utf-8", "hello\n"],
    ["/healthz", 200, "text/plain; charset=utf-8", "ok\n"],
    ["/healthz?x=1", 200, "text/plain; charset=utf-8", "ok\n"],
    ["/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "a_total 1\n"],
    ["/api/status", 200, "application/json", '{"a":1}\n'],
    ["/nothing", 404, "text/plain; charset=utf-8", "not found\n"],
    ["/__proto__", 404, "text/plain; charset=utf-8", "not found\n"],
  ])("answers GET %s with %d", async (path, code, type, body) => {
    const response = await fetch(`http://127.0.0.1:${surface.port}${path}`);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([code, type, body]);
  });

  test("answers OpenMetrics to who asks for it", async () => {
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const response = await fetch(`http://127.0.0.1:${surface.port}/metrics`, { headers: { accept } });
    const type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    expect([response.headers.get("content-type"), await response.text()]).toEqual([type, "# EOF\n"]);
  });

  test("says 503 once the box is stopping", async () => {
    healthy = false;
    expect((await fetch(`http://127.0.0.1:${surface.port}/healthz`)).status).toBe(503);
    healthy = true;
  });

  test("takes no other method", async () => {
    const response = await fetch(`http://127.0.0.1:${surface.port}/metrics`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    ["GET / HTTP/1.1\r\nHost: evil.example", "421"],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example", "421"],
    ["GET / HTTP/1.1\r\nHost:", "421"],
    ["GET / HTTP/1.1\r\nHost: localhost:9", "200"],
  ])("%j gets %s", async (head, code) => {
    expect((await ask(head)).split(" ")[1]).toBe(code);
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
    ["", "", false],
  ])("%j when bound to %j: %p", (header, bound, ours) => {
    expect(isOurs(header, bound)).toBe(ours);
  });
});
