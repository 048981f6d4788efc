import { describe, expect, test } from "bun:test";
import { bucketOf, middleUs, quantileUs } from "../../../src/load/http/latency-buckets.ts";
import { kindsOf } from "../../../src/load/http/requests/kinds.ts";
import { OpenRequests } from "../../../src/load/http/requests/mod.ts";
import { askedServer, tally } from "./asked-server.ts";
import { rawServer, runHttp } from "./support.ts";

const VERSIONS = [
  ["1.1", 1],
  ["2", 1],
  ["2", 2],
] as const;

/** Some with bodies, some without, and some whose answer has none although it says its length. */
const METHODS = ["GET", "HEAD", "POST"] as const;

describe.each(VERSIONS)("several URLs over HTTP/%s, on %d event loops", (version, workers) => {
  test("are asked as often as their weights say, and each is counted by itself", async () => {
    await using server = await askedServer(version, (response, { path }) => {
      response.statusCode = path === "/c" ? 404 : 200;
      response.setHeader("content-length", 5);
      response.end("hello");
    });
    const urls = METHODS.map((method, index) => ({
      url: `${server.url}/${"abc"[index]}?token=1`,
      method,
      weight: [6, 3, 1][index]!,
    }));
    const options = {
      urls,
      body: "a body",
      http2: version === "2",
      pipeline: 4,
      connections: 2,
      requests: 400,
      workers,
    };
    const { protocol, messages } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({ errors: 0, url: `${server.url}/`, method: "several" });
    const seen = tally(server.asked.map(({ method, path }) => `${method} ${path.replace("token=1", "…")}`));
    const told = Object.fromEntries(protocol.requests!.map(({ name, sent }) => [name, sent]));
    expect(told).toEqual(seen);
    expect(Object.keys(seen).sort()).toEqual(["GET /a?…", "HEAD /b?…", "POST /c?…"]);
    for (const { sent, status, latencyUs, errors } of protocol.requests!) {
      expect([Object.values(status), latencyUs.count, errors]).toEqual([[sent], sent, 0]);
      expect(latencyUs.p50).toBeGreaterThan(0);
      expect(latencyUs.p99).toBeGreaterThanOrEqual(latencyUs.p50);
    }
    // 240, 120 and 40 are expected; six standard deviations are 59, 55 and 36.
    const [a, b, c] = ["GET /a?…", "HEAD /b?…", "POST /c?…"].map((name) => seen[name]!);
    expect([Math.abs(a! - 240) < 60, Math.abs(b! - 120) < 56, Math.abs(c! - 40) < 37]).toEqual([true, true, true]);
    expect(messages.answered).toBe(400);
    expect(server.asked.every(({ method, body }) => body === (method === "POST" ? "a body" : ""))).toBe(true);
  });
});

test("a URL whose requests fail has their number, pipelined ones too", async () => {
  await using server = await rawServer((socket, index) => {
    if (index === 3) socket.destroy();
    else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  const urls = [{ url: `${server.url}a` }, { url: `${server.url}b` }];
  const { protocol, messages } = await runHttp(server.url, { urls, requests: 200, pipeline: 2 });
  const sum = (of: "sent" | "errors") => protocol.requests!.reduce((total, each) => total + each[of], 0);
  expect(protocol.errors).toBeGreaterThan(10);
  expect([sum("sent"), sum("errors")]).toEqual([messages.sent, protocol.errors]);
});

test("one URL has no rows of its own", async () => {
  await using server = await askedServer("1.1");
  const { protocol } = await runHttp(server.url, { urls: [{ url: `${server.url}/a` }], requests: 3 });
  expect(protocol).not.toHaveProperty("requests");
});

test("open requests of a connection go round in their room", () => {
  const open = new OpenRequests(new Uint16Array(3));
  for (let index = 0; index < 10; index++) {
    open.push({ kind: index, isHead: index % 2 === 1, bodyBytes: -1 });
    if (index < 2) continue;
    expect([open.count, open.kind, open.isHead]).toEqual([3, index - 2, index % 2 === 1]);
    open.shift();
  }
});

test("beyond a hundred names the rest is one", () => {
  const { names, kinds } = kindsOf(Array.from({ length: 250 }, (_, index) => `GET /${index % 200}`));
  expect([names.length, names[98], names[99]]).toEqual([100, "GET /98", "others"]);
  expect([kinds[3], kinds[98], kinds[99], kinds[199], kinds[203]]).toEqual([3, 98, 99, 99, 3]);
});

test("latencies by URL are known to 3 %", () => {
  for (const us of [0, 1, 15, 16, 17, 100, 999, 12_345, 5_000_000, 4_294_967_295]) {
    expect(Math.abs(middleUs(bucketOf(us)) - us)).toBeLessThanOrEqual(us * 0.032);
  }
  const buckets = new Float64Array(464);
  for (const us of [10, 10, 10, 1000]) buckets[bucketOf(us)]! += 1;
  expect([quantileUs(buckets, 50), quantileUs(buckets, 75), quantileUs(buckets, 99)]).toEqual([
    10,
    10,
    middleUs(bucketOf(1000)),
  ]);
  expect(quantileUs(new Float64Array(464), 50)).toBe(0);
});
