import { afterEach, expect, test } from "bun:test";
import type { Server } from "../../src/net/mod.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import { handlerOptions } from "../../src/proxy/listeners/change.ts";
import { NOW, settings } from "./listeners-support.ts";
import { bodyOf, exchange, get, proxyOptions, RawClient, rawTarget, startProxy, statusOf } from "./support.ts";

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
