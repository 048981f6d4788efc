import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importCaddyfile, parseConfig } from "../../../src/app/mod.ts";
import { caddyRoutes, guardedHosts, hasCaddy, serviceRoutes } from "./oracle.ts";

const CORPUS = join(import.meta.dirname, "corpus");
const names = readdirSync(CORPUS).toSorted();

function imported(name: string) {
  const result = importCaddyfile(readFileSync(join(CORPUS, name), "utf8"), "Caddyfile", { env: {}, filesOf: () => [] });
  return { ...result, services: parseConfig(result.yaml, "imported.yaml").services };
}

/** What Caddy has and services do not: each is named by a line on standard error. */
const MISSING: Readonly<Record<string, readonly string[]>> = {
  "matchers.Caddyfile": ["api.example.org forward 127.0.0.1:5001", "api.example.org*.php respond"],
  "ports.Caddyfile": [
    "shop.example.org files",
    // Both are routes of `php_fastcgi`.
    "shop.example.org redirect",
    "shop.example.org*.php forward unix:/run/php/php-fpm.sock",
    "static.example.org files",
  ],
  "guarded.Caddyfile": ["lan.example.org respond"],
};

describe.each(names)("%s", (name) => {
  const file = join(CORPUS, name);
  if (!hasCaddy) {
    test.skipIf(process.env.CI !== "true")("cannot be compared: needs caddy", () => {
      expect(hasCaddy).toBe(true);
    });
    return;
  }

  test("has the routes that Caddy reads in it", () => {
    const missing = MISSING[name] ?? [];
    const expected = caddyRoutes(file);
    expect(expected.length).toBeGreaterThan(0);
    for (const each of missing) expect(expected).toContain(each);
    expect(serviceRoutes(imported(name).services)).toEqual(expected.filter((each) => !missing.includes(each)));
  });

  test("asks for authentication wherever Caddy does", () => {
    const guarded = imported(name)
      .services.filter(({ http }) => http?.auth !== undefined)
      .flatMap(({ hosts }) => hosts);
    expect([...new Set(guarded)].toSorted()).toEqual([...new Set(guardedHosts(file))].toSorted());
  });
});

/** By line. The files that are not here are carried over as a whole. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  "balanced.Caddyfile": [
    "2: debug: a global option is not carried over: see log.level",
    "28: read_buffer: not carried over",
  ],
  "guarded.Caddyfile": [
    "3: ops: the password is not carried over, as it is not hashed by argon2id",
    "23: basicauth: carried over for all requests of its block, not only for those that it names",
    "24: root: the password is not carried over, as it is not hashed by argon2id",
  ],
  "house.Caddyfile": [
    "3: email: a global option is not carried over: write certificates: { email: … }",
    "4: admin: a global option is not carried over: see dashboard.listen",
  ],
  "matchers.Caddyfile": [
    "14: handle: not carried over: a matcher by method has no counterpart",
    "18: respond: not carried over: a path like *.php has no counterpart",
    "18: respond: requests that it refuses get in",
    "19: respond: carried over with all that is below /healthz",
  ],
  "ports.Caddyfile": [
    "5: example.org:8443: the port is not carried over",
    "10: php_fastcgi: not carried over: FastCGI is not spoken",
    "12: file_server: not carried over, as php_fastcgi is not",
    "21: file_server: not carried over: its root has a placeholder",
  ],
  "single.Caddyfile": [
    "10: header: not carried over: it is for a part of the requests alone",
    "11: log: not carried over: the access log is one for all services",
  ],
};

test.each(names)("%s: what is not carried over is named by line", (name) => {
  const said = imported(name).problems.map(({ line, text }) => `${line}: ${text}`);
  expect(said).toEqual((SAID[name] ?? []).map((each) => expect.stringContaining(each)) as string[]);
});
