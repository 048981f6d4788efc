import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cookieValues } from "../../../src/app/admin/access.ts";
import { isAllowedHost } from "../../../src/app/admin/allowed-host.ts";
import { clientOf } from "../../../src/app/admin/client.ts";
import { attemptsKey } from "../../../src/auth/mod.ts";
import { addressRanges } from "../../../src/net/mod.ts";
import { inside, worldOf } from "./support.ts";

const HEADERS = [
  "cookie",
  "authorization",
  "origin",
  "x-forwarded-for",
  "forwarded",
  "x-tenk",
  "sec-fetch-site",
  "accept",
];
const PUBLIC = ["/healthz", "/login"];

/** What a header may hold at all: the runtime refuses the rest before we see it. */
const value = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const word = fc.oneof(value, fc.constantFrom("tenk-9190=", "Bearer ", "127.0.0.1", "::1", "1", "same-origin", "null"));
const headers = fc.dictionary(
  fc.constantFrom(...HEADERS),
  fc.array(word, { maxLength: 3 }).map((words) => words.join("")),
);
const part = fc.oneof(
  fc.constantFrom("api", "status", "metrics", "..", "%2e%2e", "", "runs", "live", "?token=", "#", ";"),
  fc.webPath(),
);
const path = fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);

describe("a stranger's request", () => {
  test("reads nothing, changes nothing, and causes no failure", async () => {
    const { world, ask } = await inside();
    const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");
    await fc.assert(
      fc.asyncProperty(path, method, headers, async (at, verb, sent) => {
        const { pathname } = new URL(`http://192.0.2.1:9190${at}`);
        const { status } = await ask(at, { method: verb, headers: sent });
        if (!PUBLIC.includes(pathname)) expect([400, 401, 403, 405, 429]).toContain(status);
        expect(status).not.toBe(500);
      }),
      { numRuns: 1000 },
    );
    expect([world.closed, world.said.lines]).toEqual([[], []]);
  });

  test("is loopback only when it comes from this machine without a proxy", () => {
    const peers = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo"));
    const isHere = addressRanges(["127.0.0.0/8", "::1"]);
    fc.assert(
      fc.property(peers, headers, (peer, sent) => {
        const client = clientOf(peer, new Headers(sent), () => false);
        const isForwarded = "x-forwarded-for" in sent || "forwarded" in sent;
        expect(client.isLoopback).toBe(isHere(peer) && !isForwarded);
        expect(client.address).toBe(peer);
      }),
    );
  });
});

test("a Host that is no allowed name is never allowed", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      const isNamed = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(text);
      if (!isNamed) expect(isAllowedHost(text, "127.0.0.1")).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

describe("attempts", () => {
  test("of one IPv6 /64 are counted together, of two apart", () => {
    const group = fc.integer({ min: 0, max: 65_535 }).map((number) => number.toString(16));
    const half = fc.tuple(group, group, group, group).map((groups) => groups.join(":"));
    fc.assert(
      fc.property(half, half, half, (network, one, other) => {
        expect(attemptsKey(`${network}:${one}`)).toBe(attemptsKey(`${network}:${other}`));
        expect(attemptsKey(`${network}:${one}`)).toBe(`${network}::/64`);
      }),
    );
  });

  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["2001:db8::1:2", "2001:db8:0:0::/64"],
    ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
  ])("of %s count for %s", (address, key) => {
    expect(attemptsKey(address)).toBe(key);
  });
});

test("X-Forwarded-For is read from the right, in every spelling", () => {
  const isProxy = addressRanges(["10.0.0.0/8"]);
  const address = (chain: string) => clientOf("10.0.0.1", new Headers({ "x-forwarded-for": chain }), isProxy).address;
  expect(address("203.0.113.5")).toBe("203.0.113.5");
  expect(address("1.1.1.1, 203.0.113.5, 10.0.0.2")).toBe("203.0.113.5");
  expect(address("[2001:db8::1]:4711, 10.0.0.2")).toBe("2001:db8::1");
  expect(address("203.0.113.5:80")).toBe("203.0.113.5");
  expect(address("unknown, 10.0.0.3")).toBe("10.0.0.3");
  expect(address("nonsense")).toBe("10.0.0.1");
});

test("a request through a service of ours is the client's, whoever else is trusted", () => {
  const none = () => false;
  const own = { name: "box", isProxy: addressRanges(["10.0.0.0/8"]) };
  const through = (sent: Record<string, string>) => clientOf("127.0.0.1", new Headers(sent), none, own);
  const chain = (hops: string) => through({ "x-forwarded-for": hops }).address;
  expect([chain("203.0.113.5"), chain("1.1.1.1, 203.0.113.5"), chain("2001:db8::1")]).toEqual([
    "203.0.113.5",
    "203.0.113.5",
    "2001:db8::1",
  ]);
  expect(chain("1.1.1.1, 203.0.113.5, 10.0.0.2")).toBe("203.0.113.5");
  // Also where there is no chain, as through a Unix socket, it is not this machine's.
  for (const sent of [{}, { "x-forwarded-for": "" }, { "x-forwarded-for": "127.0.0.1" }]) {
    const { isLoopback, proxy, service } = through(sent);
    expect([isLoopback, proxy, service]).toEqual([false, "trusted", "box"]);
  }
});

test("of many cookies with one name the first four are read", () => {
  expect(cookieValues("a=1; tenk-1=x; b=2;tenk-1=y; tenk-12=z", "tenk-1")).toEqual(["x", "y"]);
  expect(cookieValues("t=1; ".repeat(50), "t")).toHaveLength(4);
  expect(cookieValues("", "t")).toEqual([]);
});

test("an unauthorized response tells how to authenticate", async () => {
  const { ask } = worldOf();
  const response = await ask("/metrics");
  expect(response.headers.get("www-authenticate")).toBe('Bearer realm="tenk"');
  expect(((await response.json()) as { hint: string }).hint).toContain("Authorization: Bearer");
});
