import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";
import type { HttpService } from "../../src/part/mod.ts";
import { tenk, withFolder } from "../cli/tenk.ts";

const HASH = "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo";

const parsed = (service: string) => parseConfig(`services:\n  app: ${service}\n`, "tenk.yaml").services[0]!;
const http = (service: string): HttpService => parsed(service).http!;

function wrong(text: string): string {
  try {
    parseConfig(text, "tenk.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("a service served by HTTPS", () => {
  test("has defaults for all that its target alone does not say", () => {
    expect(http("http://127.0.0.1:3000")).toEqual({
      paths: ["/"],
      strip: false,
      plainHttp: "redirect",
      answer: {
        type: "forward",
        forward: {
          targets: [{ url: "http://127.0.0.1:3000", weight: 1, draining: false }],
          protocol: "auto",
          balance: "round-robin",
          hashHeader: undefined,
          sticky: undefined,
          attempts: 3,
          health: {
            path: undefined,
            status: [],
            checkMs: 0,
            checkTimeoutMs: 2000,
            failures: 3,
            withinMs: 0,
            backOffMs: 10_000,
            maxBackOffMs: 300_000,
          },
          limits: { perTarget: 0, waiting: 100, waitMs: 10_000 },
          timeouts: { connectMs: 3000, responseMs: 0, stallMs: 60_000 },
          tls: undefined,
        },
      },
      maxBodyBytes: 0,
      headers: { request: { remove: [], set: [], add: [] }, response: { remove: [], set: [], add: [] } },
      auth: undefined,
      allow: undefined,
      rate: { perSecond: 0, burst: 1 },
      compress: false,
      hsts: undefined,
    });
  });

  test.each([
    ["path: /api/, strip: true", { paths: ["/api"], strip: true }],
    ["path: [/a, /b%2Fc]", { paths: ["/a", "/b%2Fc"] }],
    ["plainHttp: serve", { plainHttp: "serve" }],
    ["maxBody: 2GiB", { maxBodyBytes: 2 ** 31 }],
    ["allow: [10.0.0.0/8, '::1']", { allow: ["10.0.0.0/8", "::1"] }],
    ["limits: { requestsPerSecond: 50 }", { rate: { perSecond: 50, burst: 100 } }],
    ["limits: { requestsPerSecond: 50, burst: 60 }", { rate: { perSecond: 50, burst: 60 } }],
    ["compress: true", { compress: true }],
    ["hsts: false", { hsts: undefined }],
    ["hsts: true", { hsts: { maxAgeMs: 31_536_000_000, subdomains: false, preload: false } }],
    ["hsts: { maxAge: 24h, subdomains: true }", { hsts: { maxAgeMs: 86_400_000, subdomains: true, preload: false } }],
    [
      "auth: { forward: http://127.0.0.1:9091/v }",
      { auth: { type: "forward", url: "http://127.0.0.1:9091/v", copyHeaders: [] } },
    ],
    [
      "headers: { request: { set: { X-A: 1 }, remove: [Cookie] }, response: { add: { X-B: 'a, b' } } }",
      {
        headers: {
          request: { remove: ["Cookie"], set: [["X-A", "1"]], add: [] },
          response: { remove: [], set: [], add: [["X-B", "a, b"]] },
        },
      },
    ],
  ] as const)("%s", (settings, expected) => {
    expect(http(`{ target: http://a, ${settings} }`)).toMatchObject(expected as object);
  });

  test.each([
    ["balance: header-hash, hashHeader: X-User", { balance: "header-hash", hashHeader: "X-User" }],
    ["sticky: true", { sticky: { cookie: "tenk", secret: undefined } }],
    ["attempts: 1", { attempts: 1 }],
    ["protocol: http2", { protocol: "http2" }],
    ["health: { path: /up }", { health: { path: "/up", status: ["2xx"], checkMs: 30_000, checkTimeoutMs: 5000 } }],
    [
      "health: { path: '/up?x=1', status: [200, 3xx], check: 1s }",
      { health: { status: ["200", "3xx"], checkMs: 1000 } },
    ],
    ["health: { path: /up, status: 204, within: 30s }", { health: { status: ["204"], withinMs: 30_000 } }],
    ["limits: { perTarget: 4, waiting: 8, wait: 1s }", { limits: { perTarget: 4, waiting: 8, waitMs: 1000 } }],
    ["timeouts: { response: 2m }", { timeouts: { connectMs: 3000, responseMs: 120_000, stallMs: 60_000 } }],
  ])("forwards with %s", (settings, expected) => {
    expect(http(`{ target: http://a, ${settings} }`).answer).toMatchObject({ forward: expected });
  });

  test.each([
    ["{ respond: hello }", { type: "respond", status: 200, body: "hello" }],
    [
      "{ respond: { status: 404 } }",
      { type: "respond", status: 404, body: "", contentType: "text/plain; charset=utf-8" },
    ],
    ["{ redirect: /new }", { type: "redirect", to: "/new", status: 308 }],
    [
      "{ redirect: { to: 'https://b{http.request.uri}', status: 302 } }",
      { to: "https://b{http.request.uri}", status: 302 },
    ],
    [
      "{ root: ./www }",
      {
        files: {
          folder: "./www",
          index: ["index.html"],
          fallback: undefined,
          precompressed: true,
          cacheBytes: 8 * 1024 * 1024,
        },
      },
    ],
    ["{ root: { folder: /srv, fallback: /index.html } }", { files: { fallback: "/index.html" } }],
    ["{ target: unix:/run/a.sock }", { forward: { targets: [{ url: "unix:/run/a.sock" }] } }],
    ["{ target: 'h2c://10.0.0.2:50051' }", { forward: { targets: [{ url: "h2c://10.0.0.2:50051" }] } }],
    ["{ target: https://a, tls: { verify: false } }", { forward: { tls: { verify: false, ca: undefined } } }],
    [
      "{ targets: [http://a, { url: http://b, weight: 3, draining: true }] }",
      { forward: { targets: [{ weight: 1 }, { weight: 3, draining: true }] } },
    ],
  ])("answers by %s", (service, expected) => {
    expect(http(service).answer).toMatchObject(expected);
    expect(parsed(service).kind).toBe("http");
  });

  test("may have wildcard hosts, or every host", () => {
    expect(parsed("{ target: http://a, hosts: ['*.Apps.home.arpa', '*'] }").hosts).toEqual(["*.apps.home.arpa", "*"]);
  });
});

test("what is not served by HTTPS has no such settings", () => {
  expect(parsed("redis://10.0.0.7")).toMatchObject({ kind: "redis", http: undefined, dns: true, probe: {} });
  expect(parsed("{ target: http://10.0.0.7/path, proxy: false, dns: false, probe: false }")).toMatchObject({
    kind: "http",
    http: undefined,
    dns: false,
    probe: undefined,
  });
});

describe("a service is refused with", () => {
  const app = (settings: string) => `services:\n  app: { ${settings} }`;
  test.each([
    ["target: http://a/path", "target: expected a URL without a path (to probe one, set probe.path) such as"],
    [
      "target: http://a, targets: [http://b]",
      "targets: expected one of target, targets, respond, redirect, root: there is target already",
    ],
    [
      "hosts: [a.b]",
      "target: expected a URL such as http://127.0.0.1:3000, or one of targets, respond, redirect, root",
    ],
    ["targets: []", "targets: expected a list of URLs"],
    ["targets: [http://a, http://a]", "targets: expected each target once"],
    ["targets: [{ url: http://a, wieght: 2 }]", "targets.0.wieght: unknown key, did you mean weight?"],
    ["target: redis://a, path: /x", "path: expected only where it is served by HTTPS, but its kind is redis"],
    [
      "target: http://a, proxy: false, compress: true",
      "compress: expected only where it is served by HTTPS, but proxy is false",
    ],
    ["respond: hi, balance: first", "balance: expected only with a target, but it has respond"],
    ["targets: [http://a], kind: redis", "kind: expected http, since it has targets"],
    ["target: h2c://a, protocol: http1", "protocol: expected auto or http2, since a target is h2c://"],
    ["respond: hi, protocol: http2", "protocol: expected only with a target"],
    ["target: http://a, tls: { verify: false }", "tls: expected only where each target is https://"],
    ["target: https://a, tls: { cert: a.pem }", "tls: expected cert and key together"],
    [
      "target: http://a, balance: header-hash",
      "hashHeader: expected a header's name together with balance: header-hash",
    ],
    ["target: http://a, balance: frist", "balance: expected one of round-robin, weighted"],
    ["target: http://a, health: { check: 5s }", "health: expected a path to check"],
    [
      "target: http://a, health: { path: /up, status: 2x }",
      "health.status.0: expected a status such as 200, a class such as 2xx",
    ],
    ["target: http://a, helth: {}", "helth: unknown key, did you mean health?"],
    [
      "target: http://a, path: api",
      'path.0: expected a path such as /api, which stands for all that is below it, found "api"',
    ],
    ["target: http://a, path: '/a/*'", "path.0: expected a path such as /api"],
    [
      "target: http://a, path: /a/../b",
      "path.0: expected a path such as /api, which stands for all that is below it, without //, . and ..",
    ],
    ["target: http://a, hosts: ['a*.b']", "hosts.0: expected a name such as git.home.arpa, *.apps.home.arpa or *"],
    ["target: http://a, auth: {}", "auth: expected either users or forward"],
    ["target: http://a, auth: { users: { 'a:b': x } }", "auth.users.a:b: expected a user's name, without colon"],
    ["target: http://a, allow: [10.0.0.0/99]", "allow: expected addresses or ranges"],
    [
      "target: http://a, headers: { request: { set: { Content-Length: 1 } } }",
      "Content-Length: expected a header's name such as X-Frame-Options, none that the protocol itself needs",
    ],
    [
      'target: http://a, headers: { response: { set: { X-A: "a\\nb" } } }',
      "X-A: expected a header's value: one line of ASCII",
    ],
    [
      "target: http://a, headers: { response: { set: { X-A: a, x-a: b } } }",
      "headers.response.set: expected each header once",
    ],
    ["redirect: 'javascript:alert(1)'", "redirect.to: expected a URL or path"],
    ["redirect: { to: /a, status: 200 }", "redirect.status: expected one of 301, 302, 303, 307, 308"],
    ["respond: { status: 101 }", "respond.status: expected a status from 200 to 599"],
    ["root: { folder: a, index: [../secret] }", "root.index.0: expected a list of files' names"],
    [
      "target: http://a, sticky: { secret: short }",
      "sticky.secret: expected at least 16 characters, found another text",
    ],
  ])("%s", (settings, words) => {
    expect(wrong(app(settings))).toContain(words);
    expect(wrong(app(settings))).toStartWith("tenk.yaml:2: services.app.");
  });
});

describe("two services with one host and path are refused with both lines:", () => {
  const two = (one: string, other: string) =>
    wrong(`services:\n  a: { target: http://x, ${one} }\n  b: { target: http://y, ${other} }`);

  test.each([
    ["hosts: [c.d]", "hosts: [C.D]", "c.d is that of services.a (line 2)"],
    ["hosts: [c.d], path: /x", "hosts: [e.f, c.d], path: [/y, /x/]", "c.d/x is that of services.a (line 2)"],
    ["hosts: ['*.d']", "hosts: ['*.d']", "*.d is that of services.a (line 2)"],
  ])("%s and %s", (one, other, words) => {
    expect(two(one, other)).toBe(`tenk.yaml:3: services.b: expected a host and path of its own, ${words}`);
  });

  test.each([
    ["hosts: [c.d]", "hosts: [c.d], path: /x"],
    ["hosts: ['*.d']", "hosts: [c.d]"],
    ["hosts: [c.d], path: /x", "hosts: [c.d], path: /xy"],
  ])("but not %s and %s", (one, other) => {
    expect(two(one, other)).toBe("nothing");
  });
});

const SECRETS = ["hunter2", "sekrit", "Bearer xyz", "longrandomsecret", HASH, "fwdpass"];
const SECRET = `services:
  cache: redis://:hunter2@127.0.0.1:6379
  app:
    targets: ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    sticky: { secret: longrandomsecret }
    headers: { request: { set: { Authorization: Bearer xyz }, add: { "x.api.key": sekrit } } }
    auth: { users: { "me.too": "${HASH}" } }
  api: { target: http://127.0.0.1:3, auth: { forward: "http://user:fwdpass@127.0.0.1/v" } }
`;

test("tenk check prints no credential: not as text, as JSON, nor of a service that it refuses", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "tenk.yaml");
    writeFileSync(file, SECRET);
    for (const more of [[], ["--json"]]) {
      const { stdout, code } = await tenk(["check", "--config", file, ...more]);
      expect(code).toBe(0);
      expect(stdout).toContain("redis://***@127.0.0.1:6379");
      for (const secret of SECRETS) expect(stdout).not.toContain(secret);
    }
  });
  for (const bad of [
    'a: "redis://:hunter2 @x"',
    'a: "http://user:hunter2@x/path"',
    'a: "http//user:hunter2@x"',
    "a: { target: http://x, auth: { users: { me: hunter2 } } }",
    "a: { target: http://x, auth: { forward: 'ftp://me:hunter2@x' } }",
    "a: { target: http://x, headers: { request: { set: { X-Key: [hunter2] } } } }",
    'a: { target: http://x, headers: { request: { set: { X-Key: "hunter2\\n" } } } }',
    "a: { targets: ['http://user:hunter2@x'] }",
  ]) {
    const message = wrong(`services:\n  ${bad}`);
    expect(message).toContain("expected");
    expect(message).not.toContain("hunter2");
  }
});

test("every default of a service is marked as one, and a short form only counts for what it says", () => {
  const settings = effectiveSettings(
    parseConfig("services: { a: http://x, b: { root: ./www, hsts: true } }", "tenk.yaml"),
  );
  const written = settings.filter(({ key, defaulted }) => key.startsWith("services.") && !defaulted);
  expect(written.map(({ key }) => key)).toEqual(["services.a.target", "services.b.root.folder"]);
});
