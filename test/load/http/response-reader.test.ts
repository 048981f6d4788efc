import { expect, test } from "bun:test";
import fc from "fast-check";
import { ReaderScratch, ResponseReader } from "../../../src/load/http/response-reader.ts";
import { rawServer, runHttp } from "./support.ts";

/** Answers, each whole and valid, with their status and content. */
const ANSWERS = [
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"],
  ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 "],
  ["HTTP/1.1 204 No Content\r\n\r\n", "204 "],
  [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201\r\nContent-Length: 2\r\n\r\nok",
    "201 ok",
  ],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nSum: 1\r\n\r\n", "200 abcde"],
  ["HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "500 "],
] as const;

/** Reads pieces as a connection does. */
function readAll(pieces: readonly Uint8Array[]): string[] {
  const found: string[] = [];
  let [content, begun] = ["", 0];
  const reader = new ResponseReader(new ReaderScratch(), {
    head: () => {},
    began: () => {
      begun += 1;
    },
    interim: () => {},
    body: (bytes, from, to) => {
      content += Buffer.from(bytes.subarray(from, to)).toString("latin1");
    },
    broke: (phase, why) => found.push(`${phase} ${why}`),
  });
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      at = reader.read(piece, at);
      if (at < 0) return found;
      if (!reader.isDone) continue;
      found.push(`${reader.status} ${content}`);
      expect(begun).toBe(found.length);
      content = "";
    }
  }
  return found;
}

test("answers are read alike however they are cut, one behind the other", () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ANSWERS), { maxLength: 6 }), cuts, (answers, at) => {
      const bytes = Buffer.from(answers.map(([text]) => text).join(""), "latin1");
      const places = [...new Set(at.map((each) => Math.min(each, bytes.length)))].sort((a, b) => a - b);
      const pieces = [0, ...places].map(
        (from, index) => new Uint8Array(bytes.subarray(from, places[index] ?? bytes.length)),
      );
      expect(readAll(pieces)).toEqual(answers.map(([, found]) => found));
    }),
  );
});

test("bytes of any kind end in answers or in one refusal, and never in an exception", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom(...ANSWERS).map(([text]) => new Uint8Array(Buffer.from(text, "latin1"))),
    fc
      .constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "Content-Length: 9\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n",
        "ffffff\r\n",
      )
      .map((text) => new Uint8Array(Buffer.from(text))),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const refused = readAll(pieces).filter((each) => !/^\d{3} /.test(each));
      expect(refused.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: Number(process.env.TENK_RUNS ?? 2000) },
  );
});

test.each([
  ["HTTP/1.1 200 OK\r\n\r\nhello", true],
  ["HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false],
  ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false],
])(
  "an answer after which the connection ends is one, and the next request goes on another: %j",
  async (text, closes) => {
    await using server = await rawServer((socket) => void (closes ? socket.end(text) : socket.write(text)));
    const { protocol, connections, messages } = await runHttp(server.url, { requests: 4 });
    expect(protocol).toMatchObject({ status: { 200: 4 }, errors: 0, bodyBytes: 20 });
    expect([messages.answered, connections.lost, server.seen.requests]).toEqual([4, 0, 4]);
  },
);
