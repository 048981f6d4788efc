import { expect, test } from "bun:test";
import { ChunkedBody, Head, persists, readResponse, responseFraming } from "../../../src/wire/http1/mod.ts";
import { bytesOf } from "./support.ts";

function headOf(text: string): Head {
  const bytes = bytesOf(`${text}\r\n\r\n`);
  const head = new Head();
  expect(readResponse(head, bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

test.each([
  ["HTTP/1.1 200 OK\r\nContent-Length: 0", false, "length", true],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5", false, "length", true],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5", true, "none", true],
  ["HTTP/1.1 204 No Content\r\nContent-Length: 5", false, "none", true],
  ["HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked", false, "none", true],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", false, "chunked", true],
  ["HTTP/1.1 200 OK", false, "until-close", true],
  ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5", false, "length", false],
  ["HTTP/1.0 200 OK\r\nContent-Length: 5", false, "length", false],
  ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5", false, "length", true],
  ["HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 5", false, "length", false],
] as const)("the body of %j (to HEAD: %p) is delimited by %s; persists: %p", (text, isHead, framing, isKept) => {
  const head = headOf(text);
  expect([responseFraming(head, isHead), persists(head)]).toEqual([framing, isKept]);
});

test("a chunked body that begins again is as a new one, wherever the one before ended", () => {
  const whole = bytesOf("3\r\nabc\r\n0\r\nSum: 1\r\n\r\n");
  for (let cut = 0; cut <= whole.length; cut++) {
    const body = new ChunkedBody();
    body.follow(whole, 0, cut);
    body.begin();
    expect([body.follow(whole, 0, whole.length), body.done, body.refusal]).toEqual([whole.length, true, undefined]);
    body.begin();
    expect([body.follow(bytesOf("x"), 0, 1) < 0, body.refusal]).toEqual([true, "bad-chunk-size"]);
    body.begin();
    expect([body.follow(whole, 0, whole.length), body.done, body.refusal]).toEqual([whole.length, true, undefined]);
  }
});
