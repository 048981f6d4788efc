import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { requestSource } from "../../../src/load/http/requests/mod.ts";
import { filesOfRequests, type HttpOptions, planHttp } from "../../../src/load/mod.ts";
import { Head, REQUEST_LIMITS, readRequest } from "../../../src/wire/http1/mod.ts";
import { askedServer } from "./asked-server.ts";
import { runHttp } from "./support.ts";

const ORIGIN = "http://a.example";

function textsOf(options: Partial<HttpOptions>, uids: readonly number[] = [0]): string[] {
  const plan = planHttp({ url: `${ORIGIN}/`, ...options });
  const source = requestSource(plan.requests, plan.seed, { worker: 0, connections: 1 });
  return uids.map((uid) => Buffer.from(source.nextBytes(uid, 0, 0)).toString("latin1"));
}

describe("a template", () => {
  test("has its values in path, fields and body, whose length is said", () => {
    const options = {
      url: `${ORIGIN}/users/\\{connection.uid}?page=\\{connection.uid % 10}`,
      headers: [["X-User", "u-\\{connection.uid}"], ["X-Plain", "a\\b"]] as const, // biome-ignore format: one thought
      body: '{"id":\\{connection.uid}}',
    };
    expect(textsOf(options, [7, 1234])).toEqual([
      "POST /users/7?page=7 HTTP/1.1\r\nHost: a.example\r\nX-User: u-7\r\nX-Plain: a\\b\r\nContent-Length: 8\r\n\r\n" +
        '{"id":7}',
      "POST /users/1234?page=4 HTTP/1.1\r\nHost: a.example\r\nX-User: u-1234\r\nX-Plain: a\\b\r\nContent-Length: 11\r\n\r\n" +
        '{"id":1234}',
    ]);
  });

  test("whose values never change is a request as any other", () => {
    const files = new Map([["body.json", new TextEncoder().encode("{ }")]]);
    const options = { url: `${ORIGIN}/\\{"a b"}`, body: "\\{<body.json>}", files };
    expect(textsOf(options)).toEqual(["POST /a%20b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\n{ }"]);
    expect(planHttp(options).traffic.lengthBytes).toBe(textsOf(options)[0]!.length);
    expect(filesOfRequests(options)).toEqual(["body.json"]);
  });

  test("is sent as it is where it is bytes, or where nothing is an expression", () => {
    const body = new TextEncoder().encode("\\{connection.uid}");
    expect(textsOf({ body })[0]).toEndWith("\r\n\r\n\\{connection.uid}");
    expect(textsOf({ body: "\\n" })[0]).toEndWith("\r\n\r\n\\n");
  });

  test("is percent-encoded where a path cannot hold a value", () => {
    expect(textsOf({ url: `${ORIGIN}/\\{"\\r\\n x\\x00#\\xff"}/%20` })[0]).toStartWith(
      "GET /%0D%0A%20x%00%23%FF/%20 HTTP/1.1\r\n",
    );
  });

  test.each<[Partial<HttpOptions>, string]>([
    [{ headers: [["A", "\\{re [^a]}\\{re \\n}"]] }, "the field A could hold the byte 0x0a"],
    [{ headers: [["A", '\\{"a\\r"}']] }, "the field A could hold the byte 0x0d"],
    [{ headers: [["A", "\\{<a>}"]], files: new Map([["a", new Uint8Array([97, 0])]]) }, "could hold the byte 0x00"],
    [{ headers: [["A b", "\\{re a}"]] }, 'Invalid field name "A b"'],
    [{ headers: [["Host", "\\{re [a-z]}"]] }, "is no host"],
    [{ url: `${ORIGIN}/\\{conection.uid}` }, 'found "conection.uid"'],
    [{ body: "\\{<nowhere>}" }, "the file was not read"],
    [{ url: `${ORIGIN}/\\{re a{60000}}` }, "the fields of a request are too long"],
  ])("%j is refused", (options, why) => {
    expect(() => textsOf(options)).toThrow(why);
  });

  test("with any text in it is one request, never two", () => {
    const head = new Head(64);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (inPath, inBody) => {
        const files = new Map([["p", inPath], ["b", inBody]]); // biome-ignore format: one thought
        const [text] = textsOf({ url: `${ORIGIN}/\\{<p>}`, body: "\\{<b>}\\{connection.uid}", files });
        const bytes = Buffer.from(text!, "latin1");
        const length = readRequest(head, bytes, 0, bytes.length, REQUEST_LIMITS);
        expect(length).toBeGreaterThan(0);
        expect(head.contentLength).toBe(bytes.length - length);
        expect(bytes.subarray(length)).toEqual(Buffer.concat([inBody, Buffer.from("0")]));
      }),
      { numRuns: 100 },
    );
  });
});

describe("a random URL", () => {
  test("is made anew for each request, and its dots are dots", () => {
    const paths = textsOf({ url: `${ORIGIN}/[a-c]{2}/x.[.]?\\d+.png`, randomUrl: true }, Array(200).fill(0));
    for (const text of paths) expect(text).toMatch(/^GET \/[abc]{2}\/x\.\.?\d{1,4}\.png HTTP\/1\.1\r\n/);
    expect(new Set(paths).size).toBeGreaterThan(100);
  });

  test("repeats as often as it is told at most", () => {
    const paths = textsOf({ url: `${ORIGIN}/a*`, randomUrl: true, maxRepeats: 9 }, Array(200).fill(0));
    expect(Math.max(...paths.map((text) => /a*(?= HTTP)/.exec(text)![0].length))).toBe(9);
  });

  test("may be plain", () => {
    expect(textsOf({ randomUrl: true })[0]).toStartWith("GET / HTTP/1.1\r\n");
  });
});

test.each([
  ["1.1", 1],
  ["1.1", 2],
  ["2", 1],
  ["2", 2],
] as const)("over HTTP/%s, on %d event loops, each connection sends its own", async (version, workers) => {
  await using server = await askedServer(version);
  const url = `${server.url}/\\{connection.uid}/\\{re [a-z ]{8}}`;
  const options = {
    url,
    body: "\\{connection.uid} \\{re x{0,900}}",
    headers: [["X-Uid", "\\{connection.uid}"]] as const,
  };
  const { protocol } = await runHttp(server.url, {
    ...options,
    http2: version === "2",
    pipeline: version === "2" ? 3 : 1,
    connections: 4,
    requests: 80,
    workers,
  });
  expect(protocol).toMatchObject({ errors: 0, status: { 200: 80 }, method: "POST" });
  expect(server.asked).toHaveLength(80);
  const uids = new Map<number, string>();
  for (const { path, headers, body, connection } of server.asked) {
    const [, uid = "", word = ""] = path.split("/");
    expect([headers["x-uid"], body.split(" ")[0], Number(headers["content-length"])]).toEqual([uid, uid, body.length]);
    expect(decodeURIComponent(word)).toMatch(/^[a-z ]{8}$/);
    expect(uids.get(connection) ?? uid).toBe(uid);
    uids.set(connection, uid);
  }
  expect(new Set(uids.values())).toEqual(new Set(["0", "1", "2", "3"]));
  expect(new Set(server.asked.map(({ path }) => path)).size).toBe(80);
});

test("requests that wait for a stream keep their own values", async () => {
  await using server = await askedServer("2", (response) => void setTimeout(() => response.end("hello"), 2));
  const url = `${server.url}/\\{re [a-z]{12}}`;
  const { protocol } = await runHttp(url, { http2: true, requests: 600, pipeline: 300 });
  expect(protocol).toMatchObject({ errors: 0, status: { 200: 600 } });
  expect(new Set(server.asked.map(({ path }) => path)).size).toBe(600);
});
