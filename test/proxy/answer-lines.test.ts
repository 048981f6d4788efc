import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { listen, type Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../src/proxy/counts.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { handlerOptions } from "../../src/proxy/listeners/change.ts";
import { NOW, settings } from "./listeners-support.ts";
import { bodyOf, exchange, get, proxyOptions, RawClient, rawTarget, startProxy, statusOf } from "./support.ts";
import { overHttp1, overHttp2 } from "./tls-client.ts";

const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function proxyOf(services: string, more: Partial<ProxyOptions> = {}): Promise<Server> {
  const proxy = await startProxy(proxyOptions(services, more));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  return proxy;
}

const fieldsOf = (answer: string, name: string) =>
  [...answer.slice(0, answer.indexOf("\r\n\r\n") + 2).matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(
    (each) => each[1],
  );

const HEADERS = "headers: { response: { set: { X-Frame-Options: DENY, Content-Type: x/y }, add: { X-A: b } } }";

test("fields of a service are on all of its answers; those of content not on error pages", async () => {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 200 OK\r\nX-Frame-Options: ALLOW\r\nContent-Length: 0\r\n\r\n");
  });
  stops.push(() => target.stop());
  const proxy = await proxyOf(`  respond: { respond: text, ${HEADERS} }
  redirect: { redirect: /x, ${HEADERS} }
  files: { root: ${import.meta.dirname}, ${HEADERS} }
  forward: { target: "http://127.0.0.1:${target.port}", ${HEADERS} }
  down: { target: "http://127.0.0.1:1", ${HEADERS} }
  denied: { respond: text, allow: [10.0.0.1], ${HEADERS} }
`);
  const cases = [
    ["respond", "/", 200, true],
    ["redirect", "/", 308, true],
    ["files", "/support.ts", 200, true],
    ["files", "/missing", 404, false],
    ["files", "/../x", 400, false],
    ["forward", "/", 200, true],
    ["down", "/", 502, false],
    ["denied", "/", 403, false],
  ] as const;
  for (const [service, path, status, hasType] of cases) {
    const got = await exchange(proxy.port, get(path, `${service}.home.arpa`));
    expect([service, path, statusOf(got)]).toEqual([service, path, status]);
    expect([fieldsOf(got, "X-Frame-Options"), fieldsOf(got, "X-A")]).toEqual([["DENY"], ["b"]]);
    expect(fieldsOf(got, "Content-Type")).toEqual([hasType ? "x/y" : "text/plain; charset=utf-8"]);
  }
});

const FILLED = `headers: { response: {
    set: { X-Served-By: "{http.request.host}", Cache-Control: "{http.request.header.X-Cache}", X-Fixed: a },
    add: { X-Blank: "{http.request.header.None} b {http.request.header.None}", X-Served-By: fixed } } }`;

test("values have the request's own, put in once, on all answers; those of content not on error pages", async () => {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nX-Served-By: app\r\nContent-Length: 0\r\n\r\n");
  });
  stops.push(() => target.stop());
  const hosts = 'hosts: ["*.home.arpa"]';
  const services = `  respond: { respond: text, ${hosts}, path: /respond, ${FILLED} }
  files: { root: ${import.meta.dirname}, ${hosts}, path: /files, strip: true, ${FILLED} }
  forward: { target: "http://127.0.0.1:${target.port}", ${hosts}, path: /forward, ${FILLED} }
  down: { target: "http://127.0.0.1:1", ${hosts}, path: /down, ${FILLED} }\n`;
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };
  const options = { port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS };
  const proxy = await listen(options, proxyModule(proxyOptions(services)));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const headers = { "x-cache": "{http.request.uri} max-age=5" };
  for (const ask of [overHttp1(proxy.port), overHttp2(proxy.port)]) {
    for (const [path, status] of [
      ["/respond", 200],
      ["/files/support.ts", 200],
      ["/forward", 200],
      ["/down", 502],
    ] as const) {
      const answer = await ask({ host: "a.home.arpa", path, headers });
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers).toMatchObject({ "x-served-by": "a.home.arpa, fixed", "x-blank": "b", "x-fixed": "a" });
      const cache = answer.headers["cache-control"];
      if (status === 502) expect(cache).not.toBe(headers["x-cache"]);
      else expect(cache).toBe(headers["x-cache"]);
    }
  }
});

test("HEAD of own answers has the fields of GET and no content; content of a request is dropped", async () => {
  const proxy = await proxyOf("  a: { respond: text }\n  b: { redirect: /x }\n");
  for (const [host, length] of [
    ["a.home.arpa", "4"],
    ["b.home.arpa", "0"],
  ] as const) {
    const client = new RawClient(proxy.port);
    stops.push(() => client.close());
    const head = `HTTP/1.1\r\nHost: ${host}\r\n`;
    // The second request must be found behind the first one's content, the third behind no content at all.
    client.send(`POST / ${head}Content-Length: 5\r\n\r\nGET /HEAD / ${head}\r\n${get("/", host)}`);
    const all = await client.until(() => false);
    expect(all.match(/HTTP\/1\.1 (200|308) /g)?.length).toBe(3);
    expect(fieldsOf(all.split("\r\n\r\n")[1]!.concat("\r\n\r\n"), "Content-Length")).toEqual([length]);
    expect(bodyOf(all).split("HTTP/1.1").length).toBe(3);
  }
});

test.each([
  ["hsts: true", ["max-age=31536000"]],
  ["hsts: { maxAge: 1h, subdomains: true, preload: true }", ["max-age=3600; includeSubDomains; preload"]],
  ["compress: false", ["max-age=1"]],
])(
  "with %s a public name has its policy instead of the target's, also on errors; a local name has none",
  async (hsts, policy) => {
    const target = await rawTarget((text, socket) => {
      if (text.endsWith("\r\n\r\n"))
        socket.write("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: 0\r\n\r\n");
    });
    stops.push(() => target.stop());
    const hosts = "hosts: [app.example.org, app.home.arpa]";
    const proxy = await proxyOf(
      `  app: { target: "http://127.0.0.1:${target.port}", ${hosts}, ${hsts}, path: /app }
  own: { respond: text, ${hosts}, ${hsts}, path: /own }
  bad: { target: "http://127.0.0.1:1", ${hosts}, ${hsts}, path: /bad }\n`,
      { hstsHosts: ["app.example.org"] },
    );
    const of = async (path: string, host: string) =>
      fieldsOf(await exchange(proxy.port, get(path, host)), "Strict-Transport-Security");
    expect(await of("/app", "app.example.org")).toEqual(policy);
    expect(await of("/app", "app.home.arpa")).toEqual(["max-age=1"]);
    const own = hsts.startsWith("hsts") ? policy : [];
    expect(await of("/own", "app.example.org")).toEqual(own);
    expect(await of("/bad", "app.example.org")).toEqual(own);
    expect(await of("/own", "app.home.arpa")).toEqual([]);
  },
);

test("only public names of services with hsts have it, and only over TLS", () => {
  const services =
    "a: { respond: x, hsts: true, hosts: [a.example.org, a.home.arpa, a.fritz.box, '*.example.org', '*', a.local] }, b: { respond: x }";
  const of = (isSecure: boolean) =>
    handlerOptions({ ...settings("", services), localDomains: ["fritz.box"] }, NOW, undefined, isSecure).hstsHosts;
  expect(of(true)).toEqual(["a.example.org", "*.example.org"]);
  expect(of(false)).toEqual([]);
});
