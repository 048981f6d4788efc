import { describe, expect, test } from "bun:test";
import { ChunkedBody, Head, RESPONSE_BODY_LIMITS, readTrailers } from "../../../src/wire/http1/mod.ts";
import { bytesOf, fieldsOf } from "./support.ts";

/** The payload of a body in pieces, with the result. */
function unchunk(pieces: readonly string[], body = new ChunkedBody()) {
  let payload = "";
  for (const piece of pieces) {
    const bytes = bytesOf(piece);
    for (let at = 0; at < bytes.length && !body.done; ) {
      at = body.next(bytes, at, bytes.length);
      if (at < 0) return { payload, result: body.refusal as string };
      payload += piece.slice(body.runStart, body.runEnd);
    }
  }
  return { payload, result: body.done ? "done" : "more" };
}

const GOOD: [string, string][] = [
  ["0\r\n\r\n", ""],
  ["5\r\nhello\r\n0\r\n\r\n", "hello"],
  ["A\r\n0123456789\r\n00a\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789"],
  ['1;a;b=c;d="e;\\"\t\xff"\r\nx\r\n0;last\r\n\r\n', "x"],
  ["1\r\nx\r\n0\r\nX-Sum: 1\r\nx: \r\n\r\n", "x"],
];

describe("a chunked body is followed to its last byte, cut anywhere:", () => {
  test.each(GOOD)("%j", (text, payload) => {
    const bytes = bytesOf(`${text}GET /`);
    for (let cut = 0; cut <= text.length; cut++) {
      expect(unchunk([text.slice(0, cut), `${text.slice(cut)}GET /`])).toEqual({ payload, result: "done" });
      const body = new ChunkedBody();
      expect(body.follow(bytes, 0, cut)).toBe(cut);
      expect(body.done).toBe(cut === text.length);
      expect(body.follow(bytes, cut, bytes.length)).toBe(text.length - cut);
      expect(body.done).toBe(true);
      expect(body.follow(bytes, 0, bytes.length)).toBe(0);
    }
  });
});

describe("a chunked body (H03) is refused:", () => {
  test.each([
    ["5\nhello\r\n", "bad-chunk-size"],
    ["5\rhello\r\n", "bad-chunk-size"],
    ["0_0\r\n", "bad-chunk-size"],
    ["0x1\r\n", "bad-chunk-size"],
    ["1these-bytes\r\n", "bad-chunk-size"],
    ["-1\r\n", "bad-chunk-size"],
    ["+1\r\n", "bad-chunk-size"],
    [" 1\r\n", "bad-chunk-size"],
    ["1 \r\n", "bad-chunk-size"],
    ["\r\n", "bad-chunk-size"],
    [";a\r\n", "bad-chunk-size"],
    ["1000000000000\r\n", "bad-chunk-size"],
    ["0000000000001\r\n", "bad-chunk-size"],
    ["1;\r\n", "bad-chunk-extension"],
    ["1; a\r\n", "bad-chunk-extension"],
    ["1;a=\r\n", "bad-chunk-extension"],
    ["1;a\nx\r\n", "bad-chunk-extension"],
    ["1;a\rx", "bad-chunk-size"],
    ['1;a="\r\n"\r\nx\r\n', "bad-chunk-extension"],
    ['1;a="\\\r\n', "bad-chunk-extension"],
    ['1;a="\\\0"\r\nx\r\n', "bad-chunk-extension"],
    ['1;a="b"c\r\n', "bad-chunk-extension"],
    [`1;a=${"b".repeat(16_384)}\r\n`, "chunk-extensions-too-long"],
    ["1\r\nxy\r\n", "bad-chunk-end"],
    ["1\r\nx\n0\r\n\r\n", "bad-chunk-end"],
    ["1\r\nx0\r\n\r\n", "bad-chunk-end"],
    ["1\r\nx\r0\r\n\r\n", "bad-chunk-end"],
    ["0\r\n\rx", "bad-chunk-end"],
    ["0\r\n\n", "bad-line-end"],
    ["0\r\nGET / HTTP/1.1\r\n\r\n", "bad-field-name"],
    ["0\r\nX : y\r\n\r\n", "bad-field-name"],
    ["0\r\nX: y\r\n z\r\n\r\n", "bad-field-name"],
    ["0\r\nX: y\nZ: a\r\n\r\n", "bad-line-end"],
    ["0\r\nX: \0\r\n\r\n", "bad-field-value"],
    ["0\r\nContent-Length: 1\r\n\r\n", "forbidden-trailer"],
    ["0\r\ntransfer-encoding: chunked\r\n\r\n", "forbidden-trailer"],
    ["0\r\nHost: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nX-Forwarded-For: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nX_Forwarded_For: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nAuthorization: a\r\n\r\n", "forbidden-trailer"],
    [`0\r\nX: ${"y".repeat(8192)}\r\n\r\n`, "trailers-too-long"],
    [`0\r\n${"x:\r\n".repeat(65)}\r\n`, "too-many-fields"],
  ])("%j", (text, result) => {
    expect(unchunk([text]).result).toBe(result);
    expect(unchunk([...text]).result).toBe(result);
    const bytes = bytesOf(text);
    expect(new ChunkedBody().follow(bytes, 0, bytes.length)).toBeLessThan(0);
  });
});

test("extensions are bounded over all chunks, not each", () => {
  const body = new ChunkedBody();
  const chunk = bytesOf(`1;${"e".repeat(99)}\r\nx\r\n`);
  let chunks = 0;
  while (body.follow(chunk, 0, chunk.length) > 0) chunks += 1;
  expect([chunks, body.refusal]).toEqual([163, "chunk-extensions-too-long"]);
});

test("trailers are read as fields, and those of a response may have other names", () => {
  const body = new ChunkedBody(RESPONSE_BODY_LIMITS);
  expect(unchunk(["0\r\nX_Sum: 1\r\n", "Forwarded: a\r\n\r\n"], body).result).toBe("done");
  const head = new Head();
  const bytes = body.trailers!;
  expect(readTrailers(head, bytes, 0, bytes.length)).toBe(bytes.length);
  expect(fieldsOf(head, bytes)).toEqual([
    ["X_Sum", "1", "ambiguous"],
    ["Forwarded", "a", "forwarded"],
  ]);
});
