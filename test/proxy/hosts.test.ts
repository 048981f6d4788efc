import { describe, expect, test } from "bun:test";
import { answered, startListeners, tlsTo } from "./listeners-support.ts";
import { exchange, get, statusOf } from "./support.ts";

const BOTH = "https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 1";
const SERVICES = 'app: { respond: app }, git: { respond: git }, apps: { respond: apps, hosts: ["*.apps.home.arpa"] }';
const EVERY = `${SERVICES}, every: { respond: every, hosts: ["*"] }`;

/** Cases with the services of all others where they have none. */
const withServices = <Expected>(cases: [name: string, request: string, expected: Expected, services?: string][]) =>
  cases.map(([name, request, expected, services = SERVICES]) => [name, request, expected, services] as const);

describe("over TLS (H13)", () => {
  test.each([
    ["a declared name", "app.home.arpa", "app.home.arpa", 200, "DNS:app.home.arpa"],
    ["another declared name than the handshake's", "app.home.arpa", "git.home.arpa", 200, "DNS:app.home.arpa"],
    ["an unknown name behind a known one", "app.home.arpa", "evil.example.org", 421, "DNS:app.home.arpa"],
    ["an unknown name in both", "evil.example.org", "evil.example.org", 404, "IP Address:127.0.0.1"],
    ["an unknown name without SNI", undefined, "evil.example.org", 404, "IP Address:127.0.0.1"],
    ["a name below a declared one", "x.app.home.arpa", "x.app.home.arpa", 404, "IP Address:127.0.0.1"],
    ["a label of a wildcard", "one.apps.home.arpa", "one.apps.home.arpa", 200, "DNS:*.apps.home.arpa"],
    ["two labels of a wildcard", "a.one.apps.home.arpa", "a.one.apps.home.arpa", 404, "IP Address:127.0.0.1"],
    ["an address", undefined, "127.0.0.1", 200, "IP Address:127.0.0.1"],
    ["an address of IPv6", undefined, "[::1]", 200, "IP Address:127.0.0.1"],
    ["an address behind a known name", "app.home.arpa", "10.0.0.1", 200, "DNS:app.home.arpa"],
  ])("%s", async (_, servername, host, status, names) => {
    const { server, store } = await startListeners(BOTH, SERVICES);
    const before = store.status().length;
    const socket = await tlsTo(server("https").port, servername === undefined ? {} : { servername });
    expect(socket.getPeerCertificate().subjectaltname).toContain(names);
    expect(statusOf(await answered(socket, get("/", host), () => false))).toBe(status);
    // No name gets a certificate because a client asked for it.
    await store.idle();
    expect(store.status().length).toBe(before);
  });
});

describe("a redirect to HTTPS (H14)", () => {
  const head = (host: string, ...fields: string[]) => get("/a", host, ...fields);

  test.each(
    withServices<number>([
      ["an unknown name", head("evil.example.org"), 404],
      ["one with a port", head("evil.example.org:80"), 404],
      ["one that begins like a known one", head("app.home.arpa.example.org"), 404],
      ["one that ends like a known one", head("evilapp.home.arpa"), 404],
      ["one that only * has", head("evil.example.org"), 404, EVERY],
      ["* itself", head("*"), 400, EVERY],
      ["an address that is not this machine's", head("192.0.2.1"), 404, EVERY],
      ["no name at all", "GET /a HTTP/1.0\r\n\r\n", 404, EVERY],
      ["userinfo", head("app.home.arpa@evil.example.org"), 400],
      ["a path", head("evil.example.org/app.home.arpa"), 400],
      ["a target in absolute form", head("evil.example.org").replace("/a", "http://evil.example.org/a"), 404],
      ["one that differs from Host", head("app.home.arpa").replace("/a", "http://evil.example.org/a"), 400],
      ["two fields", head("app.home.arpa", "Host: evil.example.org"), 400],
    ]),
  )("is not made for %s", async (_, request, status, services) => {
    const { server } = await startListeners(BOTH, services);
    const answer = await exchange(server("http").port, request);
    expect(statusOf(answer)).toBe(status);
    expect(answer).not.toContain("Location");
    expect(answer).not.toContain("evil");
  });

  test.each(
    withServices<string>([
      ["a known name", head("app.home.arpa"), "app.home.arpa"],
      ["one in other letters, with a port", head("APP.home.arpa:80"), "APP.home.arpa"],
      ["a name of a wildcard", head("one.apps.home.arpa"), "one.apps.home.arpa"],
      ["a forwarded host is ignored", head("app.home.arpa", "X-Forwarded-Host: evil.example.org"), "app.home.arpa"],
      ["this machine's own address, with *", head("127.0.0.1"), "127.0.0.1", EVERY],
      ["this machine's own name, with *", head("box.home.arpa"), "box.home.arpa", EVERY],
    ]),
  )("is made for %s", async (_, request, host, services) => {
    const { server } = await startListeners(BOTH, services);
    const answer = await exchange(server("http").port, request);
    expect(statusOf(answer)).toBe(308);
    expect(answer).toContain(`\r\nLocation: https://${host}:${server("https").port}/a\r\n`);
    expect(answer).not.toContain("Strict-Transport-Security");
  });
});
