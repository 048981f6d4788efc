import { describe, expect, test } from "bun:test";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";

const config = (service: string) => parseConfig(`services:\n  app: ${service}\n`, "tenk.yaml");
const probeOf = (service: string) => config(service).services[0]!.probe;

describe("services.NAME.probe", () => {
  test.each([
    ["http://a", {}],
    ["{ target: http://a, probe: true }", {}],
    ["{ target: http://a, probe: {} }", {}],
    ["{ target: http://a, probe: false }", undefined],
    ["{ target: http://a, probe: { interval: 5m, retries: [1s] } }", { interval: 300_000, retries: [1000] }],
    ["{ target: http://a, probe: { status: [200, 2xx, 401] } }", { status: ["200", "2xx", "401"] }],
    ["{ target: http://a, probe: { json: { .a: 1, '.b[0].c': up } } }", { json: { ".a": 1, ".b[0].c": "up" } }],
    ["{ target: redis://a, probe: { tls: true } }", { tls: { verify: true } }],
    ["{ target: postgres://a, probe: { query: SELECT 1; } }", { query: "SELECT 1;" }],
  ])("of %s is read", (service, expected) => {
    expect(probeOf(service)).toEqual(expected as never);
  });

  test.each([
    ["target: http://a, probe: { path: status }", "path: expected a path such as /health"],
    [
      "target: http://a, probe: { path: //evil.example/ }",
      "path: expected a path such as /health, which names no host",
    ],
    [
      "target: http://a, probe: { path: '/\\evil.example' }",
      "path: expected a path such as /health, which names no host",
    ],
    ["target: http://a, probe: { path: 'http://evil.example/' }", "path: expected a path such as /health"],
    ['target: http://a, probe: { path: "/a\\r\\nX: 1" }', "path: expected a path such as /health"],
    ['target: http://a, probe: { headers: { X-A: "a\\r\\nX-B: c" } }', "headers.X-A: expected a header's value"],
    ["target: http://a, probe: { headers: { 'X A': b } }", "headers.X A: expected a header's name"],
    ['target: redis://a, probe: { user: "a\\r\\nb" }', "user: expected a user's name, without control characters"],
    ["target: http://a, probe: { json: { status: 1 } }", "json.status: expected values by path"],
    ["target: http://a, probe: { intervall: 1s }", "intervall: unknown key, did you mean interval?"],
    ["target: http://a, probe: { method: HEAD, body: x }", "method: expected GET: an answer to HEAD has no body"],
    ["target: redis://a, probe: { path: /x }", "path: expected only where it is asked by HTTP, but its kind is redis"],
    ["target: redis://a, probe: { query: SELECT 1 }", "query: expected only where its kind is one of postgres"],
    ["target: postgres://a, probe: { query: DROP TABLE a }", "query: expected one statement that only reads"],
    ["target: postgres://a, probe: { query: SELECT 1; DROP TABLE a }", "query: expected one statement that only reads"],
    ["target: postgres://a, probe: { expect: 1 }", "expect: expected together with query"],
    ["target: redis://a, probe: { passwordFile: a, passwordEnv: B }", "passwordEnv: expected one of passwordFile"],
    ["target: http://a, probe: { user: a, tokenEnv: B }", "user: expected without tokenEnv"],
  ])("is refused in { %s }", (service, message) => {
    expect(() => config(`{ ${service} }`)).toThrow(`services.app.probe.${message}`);
  });

  test("is printed with units, and what may be secret is not", () => {
    const text = "{ target: http://a, probe: { retries: [1s, 90s], maxBody: 64KiB, headers: { X-Api-Key: hidden } } }";
    const printed = effectiveSettings(config(text)).filter(({ key }) => key.startsWith("services.app.probe"));
    expect(printed.map(({ key, value }) => `${key} ${value}`)).toEqual([
      "services.app.probe.retries [1s, 90s]",
      "services.app.probe.headers.X-Api-Key (secret)",
      "services.app.probe.maxBody 64KiB",
    ]);
  });

  test("an application is a kind, and is served by HTTPS", () => {
    const { kind, http } = config("{ target: 'http://127.0.0.1:3000', kind: gitea }").services[0]!;
    expect([kind, http?.answer.type]).toEqual(["gitea", "forward"]);
  });
});
