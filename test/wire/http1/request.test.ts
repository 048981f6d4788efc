import { describe, expect, test } from "bun:test";
import { request } from "./support.ts";

test("a request becomes a table of offsets", () => {
  const text =
    "POST /a%2Fb?c HTTP/1.1\r\nHost: a.example:8080\r\nContent-Length: 5\r\nX-Odd:\t v \t\r\nX_Y: z\r\n\r\nhello";
  expect(request(text)).toEqual({
    length: text.length - 5,
    refusal: undefined,
    version: 11,
    method: "POST",
    target: "/a%2Fb?c",
    host: "a.example:8080",
    contentLength: 5,
    flags: ["hasAmbiguousNames"],
    fields: [
      ["Host", "a.example:8080", "host"],
      ["Content-Length", "5", "content-length"],
      ["X-Odd", "v", ""],
      ["X_Y", "z", "ambiguous"],
    ],
  });
});

const OK = "GET / HTTP/1.1\r\nHost: a\r\n";

describe("framing (H01, H02): refused is", () => {
  test.each([
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "transfer-encoding-with-length"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 5", "transfer-encoding-with-length"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked, chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: gzip, chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding : chunked", "bad-field-name"],
    ["Transfer-Encoding:\x0bchunked", "bad-field-value"],
    ["Transfer-Encoding:\r\nTransfer-Encoding: chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked,\r\nContent-Length: 5", "bad-transfer-encoding"],
    ["Content-Length: 5\r\nContent-Length: 5", "content-length-repeated"],
    ["Content-Length: 5\r\nContent-Length: 6", "content-length-repeated"],
    ["Content-Length: -1", "bad-content-length"],
    ["Content-Length: +1", "bad-content-length"],
    ["Content-Length: 0x1", "bad-content-length"],
    ["Content-Length: 5, 5", "bad-content-length"],
    ["Content-Length: 1000000000000000", "bad-content-length"],
    ["Content-Length:", "bad-content-length"],
  ])("%j", (lines, refusal) => {
    expect(request(`${OK}${lines}\r\n\r\n`)).toEqual({ length: -400, refusal });
  });
});
