import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TenkError } from "../../../src/base/mod.ts";
import { parseHar, planHttp } from "../../../src/load/mod.ts";
import { askedServer } from "./asked-server.ts";
import { runHttp } from "./support.ts";

const ORIGIN = "http://a.example";
const field = (name: string, value: string) => ({ name, value });
const fileOf = (...requests: unknown[]) =>
  new TextEncoder().encode(
    JSON.stringify({ log: { version: "1.2", entries: requests.map((request) => ({ request })) } }),
  );
const read = (bytes: Uint8Array, withCookies = false) =>
  parseHar(bytes, { origin: ORIGIN, file: "shop.har", withCookies });
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

/** What browsers and proxies write. */
const RECORDED = {
  method: "POST",
  url: `${ORIGIN}/a b?c=1#top`,
  httpVersion: "HTTP/2",
  headers: [
    field(":authority", "a.example"),
    field("Host", "a.example"),
    field("Connection", "keep-alive"),
    field("Content-Length", "99"),
    field("Transfer-Encoding", "chunked"),
    field("TE", "trailers"),
    field("Cookie", "session=secret"),
    field("X-Broken", "a\r\nb"),
    field("Accept", "*/*"),
    field("content-type", "text/plain"),
  ],
  postData: { mimeType: "text/plain", text: "grüße \\{connection.uid}" },
};

describe("a HAR file", () => {
  test("has the requests of one origin in their order, without what the browser's connection had", () => {
    const { requests, skipped } = read(
      fileOf(
        RECORDED,
        { method: "GET", url: "https://a.example/" },
        { method: "GET", url: "http://a.example:80/x" },
        { method: "GET", url: "data:x" },
        {},
      ),
    );
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${ORIGIN}/a%20b?c=1`,
      `GET ${ORIGIN}/x`,
    ]);
    expect(requests[0]!.headers).toEqual([["Accept", "*/*"], ["content-type", "text/plain"]]); // biome-ignore format: one thought
    expect(textOf(requests[0]!.body)).toBe("grüße \\{connection.uid}");
    expect(skipped).toEqual({ "of other origins": 2, "without a URL": 1 });
  });

  test("has its cookies where they are asked for", () => {
    expect(read(fileOf(RECORDED), true).requests[0]!.headers[0]).toEqual(["Cookie", "session=secret"]);
  });

  test.each([
    [{ text: "AAEC", encoding: "base64" }, "\0\u0001\u0002"],
    [{ mimeType: "application/x-www-form-urlencoded", params: [field("a", "1 2"), field("b", "ü")] }, "a=1+2&b=%C3%BC"],
    [{ mimeType: "text/plain", text: "" }, ""],
    [{ mimeType: "text/plain", params: [] }, undefined],
    [null, undefined],
  ])("body %j is %j", (postData, body) => {
    expect(textOf(read(fileOf({ method: "PUT", url: `${ORIGIN}/`, postData })).requests[0]!.body)).toBe(body);
  });

  test.each([
    ["{", "Cannot read shop.har as a HAR file: it is not JSON"],
    ["[]", "it has no log.entries"],
    ['{"log":{"entries":{}}}', "it has no log.entries"],
    [
      '{"log":{"entries":[{},{"request":{"url":"http://b.example/","method":"GET"}}]}}',
      "it has no request to http://a.example (1 without a URL, 1 of other origins)",
    ],
    [
      `{"log":{"entries":[{"request":{"url":"${ORIGIN}","method":"POST","postData":{"mimeType":"multipart/form-data","params":[{}]}}}]}}`,
      "(1 whose body was not recorded)",
    ],
  ])("%s is refused", (text, why) => {
    expect(() => read(new TextEncoder().encode(text))).toThrow(why);
  });

  test("with anything in it is read and can be sent, or is refused", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom("GET", "HEAD", `${ORIGIN}/`, `${ORIGIN}/\\{re [`, "Host", "a"),
    );
    const request = fc.record(
      {
        method: word,
        url: fc.oneof(
          word,
          fc.webPath().map((path) => ORIGIN + path),
        ),
        headers: fc.oneof(fc.array(fc.record({ name: word, value: word }), { maxLength: 3 }), fc.anything()),
        postData: fc.oneof(
          fc.record({ text: word, encoding: word, mimeType: word }, { requiredKeys: [] }),
          fc.anything(),
        ),
      },
      { requiredKeys: [] },
    );
    const good = fc.array(fc.oneof(request, fc.anything()), { maxLength: 4 }).map((requests) => fileOf(...requests));
    fc.assert(
      fc.property(fc.oneof(good, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          planHttp({ url: `${ORIGIN}/`, recording: read(bytes).requests });
        } catch (error) {
          expect(error).toBeInstanceOf(TenkError);
          expect((error as TenkError).message).toStartWith("Cannot read shop.har as a HAR file");
        }
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 100) },
    );
  });
});

test.each([
  ["1.1", 1],
  ["2", 2],
] as const)(
  "over HTTP/%s, on %d event loops, each connection sends what was recorded in its order",
  async (version, workers) => {
    await using server = await askedServer(version);
    const steps = [["GET", "/"], ["HEAD", "/b"], ["POST", "/c"]] as const; // biome-ignore format: one thought
    const entries = steps.map(([method, path]) => ({
      method,
      url: server.url + path,
      headers: [field("X-Step", path), field("X-Two", "recorded")],
      ...(method === "POST" ? { postData: { text: "x=1" } } : {}),
    }));
    const { requests } = parseHar(fileOf(...entries), { origin: server.url, file: "a.har" });
    const options = {
      recording: requests,
      connections: 2,
      requests: 40,
      workers,
      http2: version === "2",
      headers: [["x-two", "given"]] as const,
    };
    const { protocol } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({ errors: 0, status: { 200: 40 }, method: "several" });
    expect(protocol.requests!.map(({ name }) => name).sort()).toEqual(["GET /", "HEAD /b", "POST /c"]);
    for (const connection of [0, 1]) {
      const own = server.asked.filter((each) => each.connection === connection);
      for (const [index, { method, path, headers, body }] of own.entries()) {
        expect([method, path]).toEqual([...steps[index % 3]!]);
        expect([headers["x-step"], headers["x-two"], body]).toEqual([path, "given", method === "POST" ? "x=1" : ""]);
      }
    }
  },
);
