/** The machine's own site: what it says of itself, and the page by which devices come to trust it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { originOf } from "../../src/proxy/listeners/own-site.ts";
import { keptLog, newFolder } from "../app/admin/support.ts";
import { startListeners } from "./listeners-support.ts";
import { bodyOf, exchange, get, statusOf } from "./support.ts";
import { overHttp1, overHttp2 } from "./tls-client.ts";

const data = newFolder();
let instance: Instance;

const config = (names: string, more = "") =>
  parseConfig(
    `domain: home.arpa
tcp: { packets: { listen: 127.0.0.1:0 } }
dashboard: { listen: 127.0.0.1:0 }
proxy: { https: 127.0.0.1:0, http: 127.0.0.1:0, names: [${names}], workers: 1 }
data: { folder: ${data}, history: false }
services:
  app: { respond: "app {http.request.uri}" }
${more}`,
    "test.yaml",
  );
const portOf = (name: string) => instance.listeners.find((each) => each.name === name)!.port;
const plain = (path: string, host: string) => exchange(portOf("http"), get(path, host));
const root = () => readFileSync(join(data, "certificates/local/root.crt"), "utf8");

beforeAll(async () => {
  instance = await up(config("own.home.arpa"), { logDefaults: false, log: keptLog() });
});
afterAll(() => instance.stop(0));

const FILES = [
  ["/ca", "text/html; charset=utf-8"],
  ["/ca/", "text/html; charset=utf-8"],
  ["/ca?from=phone", "text/html; charset=utf-8"],
  ["/ca/root.crt", "application/x-x509-ca-cert"],
  ["/ca/root.cer", "application/x-x509-ca-cert"],
  ["/ca/intermediate.cer", "application/x-x509-ca-cert"],
  ["/ca/tenk.mobileconfig", "application/x-apple-aspen-config"],
  ["/ca/qr.svg", "image/svg+xml"],
] as const;

test.each(FILES)("%s is served in the clear without a redirect, and over TLS by both protocols", async (path, type) => {
  const host = "own.home.arpa";
  const clear = await plain(path, host);
  expect(statusOf(clear)).toBe(200);
  expect(clear).toContain(`content-type: ${type}\r\n`);
  expect(clear).not.toContain("PRIVATE KEY");
  for (const make of [overHttp1, overHttp2]) {
    const answer = await make(portOf("https"))({ host, path });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, type]);
    expect(answer.body.length).toBeGreaterThan(100);
  }
});

test("the root is the one that signs, and the page has its fingerprint and the address that a phone needs", async () => {
  expect(bodyOf(await plain("/ca/root.crt", "localhost"))).toBe(root());
  const page = bodyOf(await plain("/ca", "127.0.0.1"));
  expect(page).toContain(new X509Certificate(root()).fingerprint256);
  expect(page).toContain(`http://own.home.arpa:${portOf("http")}/ca`);
});

test.each([
  ["a host that nobody declared", "evil.example", 404],
  ["no host of ours with a port", "evil.example:80", 404],
  ["a service's own host", "app.home.arpa", 308],
])("the page is not at %s", async (_, host, status) => {
  expect(statusOf(await plain("/ca", host))).toBe(status);
});

test("HEAD has no content", async () => {
  const answer = await exchange(portOf("http"), get("/ca", "own.home.arpa").replace("GET", "HEAD"));
  expect([statusOf(answer), bodyOf(answer)]).toEqual([200, ""]);
});

test("a service at the machine's own name redirects all but the page, and has the page's path over TLS", async () => {
  const more = `  web: { respond: "web {http.request.uri}", hosts: [own.home.arpa, "*"] }`;
  await instance.reload(config("own.home.arpa", more));
  expect(statusOf(await plain("/", "own.home.arpa"))).toBe(308);
  expect(statusOf(await plain("/ca", "own.home.arpa"))).toBe(200);
  expect(statusOf(await plain("/ca", "127.0.0.1"))).toBe(200);
  expect(statusOf(await plain("/ca", "evil.example"))).toBe(404);
  const secure = await overHttp1(portOf("https"))({ host: "own.home.arpa", path: "/ca" });
  expect(secure.body).toBe("web /ca");
  await instance.reload(config("own.home.arpa"));
});

test("a reload with other names changes the page", async () => {
  await instance.reload(config("cellar.home.arpa"));
  expect(bodyOf(await plain("/ca", "cellar.home.arpa"))).toContain(`http://cellar.home.arpa:${portOf("http")}/ca`);
  expect(statusOf(await plain("/ca", "own.home.arpa"))).toBe(404);
});

describe("the address in the page", () => {
  const asked = async (server: { port: number }) => bodyOf(await exchange(server.port, get("/ca", "box.home.arpa")));

  test("is that of the plain listener, also after it moved", async () => {
    const { server, reload } = await startListeners("https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 1");
    const overTls = () => overHttp1(server("https").port)({ host: "box.home.arpa", path: "/ca" });
    const url = () => `http://box.home.arpa:${server("http").port}/ca`;
    expect([await asked(server("http")), (await overTls()).body]).toEqual([url(), url()]);
    await reload("https: 127.0.0.1:0, http: localhost:0, workers: 1");
    expect([await asked(server("http")), (await overTls()).body]).toEqual([url(), url()]);
    await reload("https: 127.0.0.1:0, http: off, workers: 1");
    expect((await overTls()).body).toBe(`https://box.home.arpa:${server("https").port}/ca`);
  });

  test("has no port that a browser adds by itself", () => {
    const ports = new Map([
      ["https", 443],
      ["http", 80],
    ]);
    expect([originOf("https", "a.b", ports), originOf("http", "a.b", ports)]).toEqual(["https://a.b", "http://a.b"]);
    expect(originOf("https", "a.b", new Map([["https", 8443]]))).toBe("https://a.b:8443");
    // A Unix socket: who is in front of it has the usual port.
    expect(originOf("https", "a.b", new Map([["https", 0]]))).toBe("https://a.b");
  });
});
