import { expect, test } from "bun:test";
import { FIELD_STRIDE, FieldName, Head, REQUEST_LIMITS, readRequest } from "../../../src/wire/http1/mod.ts";

const REQUEST = "POST /a?b HTTP/1.1\r\nHost: app.example\r\nX-Empty:\r\nContent-Length: 3\r\n\r\n";

const text = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();

test("a copy of a head says the same of bytes of its own, wherever the head lay", () => {
  const bytes = Buffer.from(`${"x".repeat(1000)}${REQUEST}abc${"y".repeat(1000)}`);
  const head = new Head();
  expect(readRequest(head, bytes, 1000, bytes.length, REQUEST_LIMITS)).toBe(REQUEST.length);
  const copy = head.copy(bytes);
  bytes.fill(0);
  head.begin(20);
  expect(copy.bytes.length).toBeLessThan(REQUEST.length);
  const { head: kept, bytes: own } = copy;
  expect(text(own, kept.methodStart, kept.methodEnd)).toBe("POST");
  expect(text(own, kept.targetStart, kept.targetEnd)).toBe("/a?b");
  expect(text(own, kept.hostStart, kept.hostEnd)).toBe("app.example");
  expect([kept.version, kept.contentLength, kept.count]).toEqual([11, 3, 3]);
  const lines = Array.from({ length: kept.count }, (_, line) => kept.fields.subarray(line * FIELD_STRIDE));
  expect(lines.map(([a = 0, b = 0, c = 0, d = 0]) => `${text(own, a, b)}=${text(own, c, d)}`)).toEqual([
    "Host=app.example",
    "X-Empty=",
    "Content-Length=3",
  ]);
  expect(kept.at(FieldName.contentLength)).toBe(2);
});

test("a head without anything has an empty copy", () => {
  const { head, bytes } = new Head().copy(Buffer.from("abc"));
  expect([head.count, bytes.length, head.hostStart]).toEqual([0, 0, -1]);
});
