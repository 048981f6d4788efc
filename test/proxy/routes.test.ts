import { describe, expect, test } from "bun:test";
import { hasDotSegment, hostKey, PathPrefix, RouteTable } from "../../src/proxy/routes/mod.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a route's path", () => {
  test.each([
    ["/api", "/api", true],
    ["/api", "/api/", true],
    ["/api/", "/api", true],
    ["/api", "/api?x=/y", true],
    ["/api", "/api/a%2Fb", true],
    ["/api", "/apis", false],
    ["/api", "/api../x", false],
    ["/api", "/API", false],
    ["/api", "/%61pi", false],
    ["/api", "/ap", false],
    ["/api", "//api", false],
    ["/", "/", true],
    ["/", "/anything?q", true],
  ])("%s and the target %s: %p", (path, target, matches) => {
    expect(new PathPrefix(path).matches(bytes(`GET ${target} HTTP/1.1`), 4, 4 + target.length)).toBe(matches);
  });
});

test.each([
  ["/a/../b", true],
  ["/..", true],
  ["/./a", true],
  ["/a/%2e%2E/b", true],
  ["/a/.%2e", true],
  ["/a%2f..%2fb", true],
  ["/a%5c..%5cb", true],
  ["/a\\..\\b", true],
  ["/a/...", false],
  ["/a/..b", false],
  ["/.well-known/x", false],
  ["/a%2Fb", false],
  ["/a%2", false],
  ["/a%zz/%2", false],
  ["/a?x=/../b", false],
  ["/", false],
])("%s has a dot segment: %p", (target, has) => {
  expect(hasDotSegment(bytes(target), 0, target.length)).toBe(has);
});

test.each([
  ["git.home.arpa", "git.home.arpa"],
  ["GIT.Home.Arpa.:8443", "git.home.arpa"],
  ["[::1]:8443", "[::1]"],
  ["[::1]", "[::1]"],
  ["10.0.0.2:80", "10.0.0.2"],
])("the host of %s is %s", (authority, host) => {
  expect(hostKey(authority)).toBe(host);
});

describe("the table of routes", () => {
  const route = (name: string, hosts: string[], ...paths: string[]) => ({
    name,
    hosts,
    paths: paths.length > 0 ? paths : ["/"],
  });
  const find = (table: RouteTable<ReturnType<typeof route>>, host: string, target: string) => {
    const found = table.ofHost(hostKey(host))?.find(bytes(target), 0, target.length);
    return typeof found === "object" ? found.route.name : (found ?? "no-host");
  };

  const TABLE = new RouteTable([
    route("wild", ["*.apps.home.arpa"]),
    route("site", ["git.home.arpa", "git.local"]),
    route("api", ["git.home.arpa"], "/api"),
    route("api-v2", ["git.home.arpa"], "/api/v2"),
    route("exact", ["one.apps.home.arpa"]),
    route("part", ["part.home.arpa"], "/only", "/also"),
  ]);

  test.each([
    ["git.home.arpa", "/", "site"],
    ["git.local:8443", "/api", "site"],
    ["GIT.home.arpa.", "/api/v1", "api"],
    ["git.home.arpa", "/api/v2/x", "api-v2"],
    ["git.home.arpa", "/api/v2x", "api"],
    ["git.home.arpa", "/api/v2/../../secret", "dot-segment"],
    ["git.local", "/a/../b", "site"],
    ["two.apps.home.arpa", "/", "wild"],
    ["one.apps.home.arpa", "/", "exact"],
    ["a.b.apps.home.arpa", "/", "no-host"],
    ["apps.home.arpa", "/", "no-host"],
    ["part.home.arpa", "/", "no-route"],
    ["part.home.arpa", "/also/this", "part"],
    ["other.example.org", "/", "no-host"],
    ["", "/", "no-host"],
  ])("%s%s is answered by %s", (host, target, name) => {
    expect(find(TABLE, host, target)).toBe(name);
  });

  test("has a route for every other name where one is declared", () => {
    const table = new RouteTable([route("every", ["*"]), route("git", ["git.home.arpa"])]);
    expect([find(table, "x.example", "/"), find(table, "git.home.arpa", "/"), find(table, "", "/")]).toEqual([
      "every",
      "git",
      "every",
    ]);
  });

  test("has the same rules with 500 hosts as with one", () => {
    const many = new RouteTable(
      Array.from({ length: 500 }, (_, index) => route(`s${index}`, [`s${index}.home.arpa`], "/a")),
    );
    for (const index of [0, 250, 499]) {
      expect(find(many, `S${index}.Home.ARPA:443`, "/a/b")).toBe(`s${index}`);
      expect(find(many, `s${index}.home.arpa`, "/A")).toBe("no-route");
    }
  });
});
