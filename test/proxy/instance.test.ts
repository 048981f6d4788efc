import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import type { ProxyView } from "../../src/proxy/monitoring/mod.ts";
import { until } from "../net/support.ts";
import { exchange, get, statusOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-proxy-"));
let target: HttpServer;
let instance: Instance;

/** The runtime's TLS does not check address constraints, which the certificate for clients without a name falls under. */
const NOT_FOR_IT = /not in the cert's altnames|unsupported name constraint/;

const config = (more: string, proxy = "names: [box.home.arpa]") =>
  parseConfig(
    `domain: home.arpa
tcp: { packets: { listen: 127.0.0.1:0 } }
dashboard: { listen: 127.0.0.1:0 }
proxy: { https: 127.0.0.1:0, http: 127.0.0.1:0, ${proxy} }
data: { folder: ${folder}, history: false }
probe: off
services:
  app: http://127.0.0.1:${(target.address() as { port: number }).port}
${more}`,
    "test.yaml",
  );

const portOf = (name: string) => instance.listeners.find((each) => each.name === name)!.port;

/** Asks over TLS as a browser that trusts the local CA and resolves every name to this machine. */
function ask(host: string, path = "/"): Promise<{ status: number; body: string; error?: string }> {
  const ca = readFileSync(join(folder, "certificates/local/root.crt"));
  return new Promise((resolve) => {
    const options = {
      host: "127.0.0.1",
      port: portOf("https"),
      servername: host,
      headers: { host },
      path,
      ca,
      agent: false as const,
    };
    const sent = request(options, (answer) => {
      let body = "";
      answer.on("data", (chunk) => (body += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.on("error", (error) => resolve({ status: 0, body: "", error: error.message }));
    sent.end();
  });
}

beforeAll(async () => {
  target = createServer((asked, answer) => answer.end(`${asked.headers.host} ${asked.url}`));
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  instance = await up(config(""), { logDefaults: false });
});
afterAll(async () => {
  await instance.stop(0);
  target.close();
  rmSync(folder, { recursive: true, force: true });
});

test("two lines give a service a name, HTTPS that the local CA signs, and a redirect", async () => {
  expect(await ask("app.home.arpa", "/a?b")).toEqual({ status: 200, body: "app.home.arpa /a?b" });
  const redirected = await exchange(portOf("http"), get("/a?b", "app.home.arpa"));
  expect(redirected).toStartWith("HTTP/1.1 308 ");
  expect(redirected).toContain(`Location: https://app.home.arpa:${portOf("https")}/a?b\r\n`);
  expect((await ask("box.home.arpa", "/x")).body).toContain("GET /x");
});

test("a name that nobody declared has no certificate, no redirect and no answer but 404", async () => {
  expect((await ask("other.home.arpa")).error).toMatch(NOT_FOR_IT);
  expect(statusOf(await exchange(portOf("http"), get("/", "evil.example.org")))).toBe(404);
});

test("a reload adds a service with its certificate, takes it away again, and counts go on", async () => {
  await instance.reload(config("  more: { respond: more, hosts: [more.home.arpa] }"));
  expect(await ask("more.home.arpa")).toEqual({ status: 200, body: "more" });
  await instance.reload(config(""));
  expect((await ask("more.home.arpa")).error).toMatch(NOT_FOR_IT);
  const { parts } = await instance.status();
  const { services, other, listeners } = parts.proxy as ProxyView;
  expect(services.map(({ service }) => service)).toEqual(["app"]);
  expect(services[0]).toMatchObject({ requests: 2, status: { 200: 1, 308: 1 }, targets: [{ state: "up" }] });
  expect(other).toMatchObject({ requests: 2, status: { 200: 1, 404: 1 }, inProgress: 0 });
  expect(listeners.map(({ port, peak }) => [port, peak > 0])).toEqual([
    [portOf("https"), true],
    [portOf("http"), true],
  ]);
  const families = await instance.families();
  const requests = families.find(({ name }) => name === "tenk_http_requests_total")!.samples;
  expect(requests).toContainEqual({ value: 1, labels: { service: "app", method: "GET", code: "2xx" } });
  expect(requests).toContainEqual({ value: 1, labels: { service: "more", method: "GET", code: "2xx" } });
});

test("the access log is in the data folder, and a reload gives it another format", async () => {
  const path = join(folder, "access.log");
  const linesOf = () => readFileSync(path, "utf8").trimEnd().split("\n");
  await ask("app.home.arpa", "/logged");
  await until(() => existsSync(path) && linesOf().some((line) => line.includes("/logged")));
  const line = linesOf().find((each) => each.includes("/logged"))!;
  expect(JSON.parse(line)).toMatchObject({ request: { host: "app.home.arpa" }, status: 200, service: "app" });
  await instance.reload(config("", "accessLog: { format: combined, flush: 10ms }"));
  await ask("app.home.arpa", "/combined");
  await until(() => linesOf().some((each) => each.includes('"GET /combined HTTP/1.1" 200')));
  await instance.reload(config("", "accessLog: off"));
  const before = linesOf().length;
  await ask("app.home.arpa", "/unlogged");
  await instance.reload(config("", "accessLog: combined"));
  await ask("app.home.arpa", "/logged-again");
  await until(() => linesOf().length > before);
  expect(linesOf().filter((each) => each.includes("/unlogged"))).toEqual([]);
});
