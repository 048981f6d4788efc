import { describe, expect, test } from "bun:test";
import { requestSource } from "../../../src/load/http/requests/mod.ts";
import { type HttpOptions, parseStatusRanges, planHttp } from "../../../src/load/mod.ts";

const URL_TEXT = "http://127.0.0.1:8080/a?b=1";
const textOf = (options: Partial<HttpOptions> = {}) => {
  const plan = planHttp({ url: URL_TEXT, ...options });
  const source = requestSource(plan.requests, plan.seed, { worker: 0, connections: 1 });
  return Buffer.from(source.nextBytes(0, 0, 0)).toString("latin1");
};

describe("a plan of HTTP", () => {
  test("has a request as it is sent, with no field that nobody asked for", () => {
    expect(textOf()).toBe("GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
    expect(textOf({ keepAlive: false })).toBe(
      "GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n",
    );
    const body = new TextEncoder().encode("{}");
    const headers = [["Accept", "*/*"]] as const;
    expect(textOf({ body, headers, url: "https://a.example" })).toBe(
      "POST / HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n{}",
    );
  });

  test("has a closed model on ten connections for ten seconds, unless it is told otherwise", () => {
    expect(planHttp({ url: URL_TEXT })).toMatchObject({
      connections: 10,
      durationMs: 10_000,
      pace: "as-fast-as-possible",
      pipeline: 1,
      timeoutMs: 5000,
      statsUrl: "http://127.0.0.1:9190/api/status",
    });
    expect(planHttp({ url: URL_TEXT, requests: 5 }).durationMs).toBe(Number.POSITIVE_INFINITY);
    expect(planHttp({ url: URL_TEXT, requests: 500, totalRate: 100 })).toMatchObject({
      durationMs: 5000,
      pace: "total",
    });
  });

  test.each<[Partial<HttpOptions>, string]>([
    [{ url: "ftp://a.example/" }, "is not an HTTP URL"],
    [{ url: "http://user:secret@a.example/" }, "must not hold credentials"],
    [{ url: "http://127.0.0.1/a b" }, 'path "/a b" cannot be sent'],
    [{ method: "GE T" }, 'method "GE T" cannot be sent'],
    [{ method: "CONNECT" }, 'method "CONNECT" cannot be sent'],
    [{ headers: [["Content-Length", "5"]] }, "Content-Length is this generator's own"],
    [{ headers: [["A\r\nB", "5"]] }, "Invalid field name"],
    [{ headers: [["A", "5\r\nB: 6"]] }, "Invalid value of the field A"],
    [{ headers: [["Host", "a b"]] }, 'Host "a b" is no host'],
    [{ requests: 0 }, "0 requests are none"],
    [{ timeoutMs: 0 }, "without a timeout"],
    [{ pipeline: 2, keepAlive: false }, "pipelining needs connections that are kept"],
    [{ http2: true, keepAlive: false }, "HTTP/2 keeps its connections"],
    [{ headers: [["A", "x".repeat(70_000)]] }, "the fields of a request are too long"],
    [{ expectStatus: "2x" }, 'Cannot read "2x" as statuses'],
    [{ workers: 4, connections: 2 }, "4 workers share 2 connections"],
  ])("%j is refused", (options, why) => {
    expect(() => planHttp({ url: URL_TEXT, ...options })).toThrow(why);
  });

  test("a refusal of a URL does not repeat its password", () => {
    expect(() => planHttp({ url: "http://user:secret@a.example/" })).not.toThrow(/secret/);
  });
});

test.each([
  ["200", [[200, 200]]],
  ["2xx, 304", [[200, 299], [304, 304]]], // biome-ignore format: one thought
  ["200-204,5XX", [[200, 204], [500, 599]]], // biome-ignore format: one thought
])("statuses are read: %s", (text, ranges) => {
  expect(parseStatusRanges(text).map(({ from, to }) => [from, to])).toEqual(ranges);
});
