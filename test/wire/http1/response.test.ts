/** H10 of the security list, as far as a parser decides it. */
import { describe, expect, test } from "bun:test";
import { response } from "./support.ts";

test.each([
  ["HTTP/1.1 200 OK\r\n\r\n", { status: 200, version: 11 }],
  ["HTTP/1.0 404 Nicht gefunden \xe4\r\n\r\n", { status: 404, version: 10 }],
  ["HTTP/1.1 200 \r\n\r\n", { status: 200 }],
  ["HTTP/1.1 200\r\n\r\n", { status: 200 }],
  ["HTTP/1.1 100 Continue\r\n\r\n", { status: 100 }],
  ["HTTP/1.1 599 X\r\n\r\n", { status: 599 }],
  ["HTTP/1.1 304 Not\tModified\r\nContent-Length: 5\r\n\r\n", { status: 304, contentLength: 5 }],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    { flags: ["isChunked", "wantsClose"] },
  ],
  // A response has no host: the field is one like any other.
  ["HTTP/1.1 200 OK\r\nHost: a b\r\nHost: c\r\n\r\n", { status: 200 }],
])("%j is read", (text, expected) => {
  expect(response(`${text}more`)).toMatchObject({ length: text.length, refusal: undefined, ...expected });
});

describe("refused is", () => {
  test.each([
    ["HTTP/1.1 99 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 099 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 600 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 20x X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 +20 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 2000 X\r\n\r\n", "bad-start-line"],
    ["HTTP/1.1  200 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1\t200 X\r\n\r\n", "bad-status"],
    ["HTTP/1.1 200\tX\r\n\r\n", "bad-start-line"],
    ["HTTP/1.1 200 O\rK\r\n\r\n", "bad-start-line"],
    ["HTTP/1.1 200 O\nK: v\r\n\r\n", "bad-start-line"],
    ["HTTP/1.1 200 O\0K\r\n\r\n", "bad-start-line"],
    ["HTTP/1.1 200 OK\n\r\n", "bad-start-line"],
    ["http/1.1 200 OK\r\n\r\n", "bad-start-line"],
    ["ICY 200 OK\r\n\r\n", "bad-start-line"],
    ["\r\n\r\n", "bad-start-line"],
    ["<html>", "bad-start-line"],
    ["HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n", "bad-field-value"],
    ["HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n", "bad-field-value"],
    ["HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "bad-field-name"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "content-length-repeated"],
    ["HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "bad-content-length"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-with-length"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "bad-transfer-encoding"],
    ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "bad-transfer-encoding"],
  ])("%j", (text, refusal) => {
    expect(response(text)).toEqual({ length: -400, refusal });
  });

  test.each(["HTTP/2 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n"])("%j", (text) => {
    expect(response(text)).toEqual({ length: -505, refusal: "bad-version" });
  });

  test("a head of more than 64 KiB, complete or not", () => {
    const sized = (size: number) => `HTTP/1.1 200 OK\r\nX: ${"y".repeat(size - 24)}\r\n\r\n`;
    expect(response(sized(65_536))).toMatchObject({ length: 65_536 });
    expect(response(sized(65_537))).toEqual({ length: -431, refusal: "head-too-long" });
    expect(response(`HTTP/1.1 200 ${"y".repeat(65_536)}`)).toEqual({ length: -431, refusal: "head-too-long" });
  });
});
