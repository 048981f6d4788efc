/** H01, H02 and H04 of the security list, and their neighbours: what is refused, and what must not be. */
import { describe, expect, test } from "bun:test";
import { REQUEST_LIMITS } from "../../../src/wire/http1/mod.ts";
import { type ReadHead, request } from "./support.ts";

const OK = "GET / HTTP/1.1\r\nHost: a\r\n";
const withLines = (...lines: string[]) => request(`${OK}${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
const told = (read: ReadHead) => read.refusal ?? (read.length === 0 ? "incomplete" : "read");

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

describe("framing (H01, H02): refused is", () => {
  test.each([
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "transfer-encoding-with-length"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 5", "transfer-encoding-with-length"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 0", "transfer-encoding-with-length"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked\r\ntransfer-encoding: identity", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked, chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: gzip, chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked, gzip", "bad-transfer-encoding"],
    ["Transfer-Encoding: identity", "bad-transfer-encoding"],
    ["Transfer-Encoding: xchunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked;q=1", "bad-transfer-encoding"],
    ['Transfer-Encoding: "chunked"', "bad-transfer-encoding"],
    ["Transfer-Encoding: chun\tked", "bad-transfer-encoding"],
    ["Transfer-Encoding: \xa0chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding : chunked", "bad-field-name"],
    ["Transfer-Encoding\t: chunked", "bad-field-name"],
    [" Transfer-Encoding: chunked", "bad-field-name"],
    ["Transfer-Encoding:\x0bchunked", "bad-field-value"],
    ["Transfer-Encoding:\x0cchunked", "bad-field-value"],
    ["Transfer-Encoding:\r\n chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding:\r\nTransfer-Encoding: chunked", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked,\r\nContent-Length: 5", "bad-transfer-encoding"],
    ["Transfer-Encoding: ,chunked", "bad-transfer-encoding"],
    ["X: y\rTransfer-Encoding: chunked", "bad-field-value"],
    ["X: y\nTransfer-Encoding: chunked", "bad-field-value"],
    ["Content-Length: 5\r\nContent-Length: 5", "content-length-repeated"],
    ["Content-Length: 5\r\nContent-Length: 6", "content-length-repeated"],
    ["Content-Length: 0\r\ncontent-length: 5", "content-length-repeated"],
    ["Content-Length: -1", "bad-content-length"],
    ["Content-Length: -0", "bad-content-length"],
    ["Content-Length: +1", "bad-content-length"],
    ["Content-Length: 0x1", "bad-content-length"],
    ["Content-Length: 1e3", "bad-content-length"],
    ["Content-Length: 1.0", "bad-content-length"],
    ["Content-Length: 1_000", "bad-content-length"],
    ["Content-Length: 5, 5", "bad-content-length"],
    ["Content-Length: 5 5", "bad-content-length"],
    ["Content-Length: \xb2", "bad-content-length"],
    ["Content-Length: 1000000000000000", "bad-content-length"],
    ["Content-Length: 18446744073709551621", "bad-content-length"],
    ["Content-Length:", "bad-content-length"],
  ])("%j", (lines, refusal) => {
    expect(withLines(lines)).toEqual({ length: -400, refusal });
  });

  test("a transfer coding on HTTP/1.0", () => {
    expect(told(request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"))).toBe("bad-transfer-encoding");
  });
});

test.each([
  ["Content-Length: 0", { contentLength: 0, flags: [] }],
  ["Content-Length:999999999999999", { contentLength: 999_999_999_999_999, flags: [] }],
  ["Content-Length: 007 \t", { contentLength: 7, flags: [] }],
  ["transfer-encoding:\tChunked", { contentLength: -1, flags: ["isChunked"] }],
  ["Transfer_Encoding: chunked", { contentLength: -1, flags: ["hasAmbiguousNames"] }],
  ["X-Transfer-Encoding: chunked", { contentLength: -1, flags: [] }],
  ["Expect: 100-Continue", { contentLength: -1, flags: ["expectsContinue"] }],
  ["Expect: 100-continue, x", { contentLength: -1, flags: [] }],
])("%j frames the body as it says", (line, expected) => {
  expect(withLines(line)).toMatchObject(expected);
});

test("HTTP/1.0 needs no Host and expects no 100", () => {
  expect(request("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")).toMatchObject({ version: 10, host: "", flags: [] });
});

describe("lines (H04): refused is", () => {
  test.each([
    [`${OK} folded\r\n\r\n`, "bad-field-name"],
    [`${OK}X: y\r\n folded\r\n\r\n`, "bad-field-name"],
    [`${OK}X: y\r\n\tfolded\r\n\r\n`, "bad-field-name"],
    [`${OK}X : y\r\n\r\n`, "bad-field-name"],
    [`${OK}X\r\n\r\n`, "bad-field-name"],
    [`${OK}: y\r\n\r\n`, "bad-field-name"],
    [`${OK}X\0: y\r\n\r\n`, "bad-field-name"],
    [`${OK}X\xe4: y\r\n\r\n`, "bad-field-name"],
    [`${OK}X(: y\r\n\r\n`, "bad-field-name"],
    [`${OK}X: y\0\r\n\r\n`, "bad-field-value"],
    [`${OK}X: y\x7f\r\n\r\n`, "bad-field-value"],
    [`${OK}X: y\x1b[1m\r\n\r\n`, "bad-field-value"],
    [`${OK}X: y\rz\r\n\r\n`, "bad-field-value"],
    [`${OK}X: y\nz: a\r\n\r\n`, "bad-field-value"],
    [`${OK}X: y\r\r\n\r\n`, "bad-field-value"],
    [`${OK}X:\n\r\n`, "bad-field-value"],
    [`${OK}\n`, "bad-field-name"],
    [`${OK}\rX: y\r\n\r\n`, "bad-line-end"],
    ["GET /x\nHost: a\r\n\r\n", "bad-target"],
    ["GET / HTTP/1.1\nHost: a\r\n\r\n", "bad-line-end"],
    ["GET / HTTP/1.1\rHost: a\r\n\r\n", "bad-line-end"],
    ["\0GET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    [" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-target"],
    ["GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "bad-line-end"],
    ["GET /\r\nHost: a\r\n\r\n", "bad-target"],
    ["GET / http/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["GET / HTTPS/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-start-line"],
    ["\x16\x03\x01\x02\x00", "bad-start-line"],
  ])("%j", (text, refusal) => {
    expect(request(text)).toEqual({ length: -400, refusal });
  });

  test.each(["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/11.1", "HTTP/1,1", "HTTP/01.1"])("%s", (version) => {
    expect(request(`GET / ${version}\r\nHost: a\r\n\r\n`)).toEqual({ length: -505, refusal: "bad-version" });
  });

  test("CONNECT, and only in capital letters", () => {
    expect(request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")).toEqual({
      length: -501,
      refusal: "connect-unsupported",
    });
    expect(told(request("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"))).toBe("connect-unsupported");
    expect(request("connect / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatchObject({ method: "connect" });
  });
});

describe("hosts (H04): refused is", () => {
  test.each([
    ["", "host-missing"],
    ["Host: a\r\nHost: a\r\n", "host-repeated"],
    ["Host: a\r\nhost: b\r\n", "host-repeated"],
    ["Host:\r\n", "bad-host"],
    ["Host: user@a\r\n", "bad-host"],
    ["Host: user:secret@a\r\n", "bad-host"],
    ["Host: a, b\r\n", "bad-host"],
    ["Host: a b\r\n", "bad-host"],
    ["Host: a/b\r\n", "bad-host"],
    ["Host: a\\b\r\n", "bad-host"],
    ["Host: a?b\r\n", "bad-host"],
    ["Host: a#b\r\n", "bad-host"],
    ["Host: \xe4.example\r\n", "bad-host"],
    ["Host: a%2eb\r\n", "bad-host"],
    ["Host: a:\r\n", "bad-host"],
    ["Host: a:b\r\n", "bad-host"],
    ["Host: a:80:80\r\n", "bad-host"],
    ["Host: a:65536\r\n", "bad-host"],
    ["Host: a:-1\r\n", "bad-host"],
    ["Host: :80\r\n", "bad-host"],
    ["Host: ::1\r\n", "bad-host"],
    ["Host: [::1\r\n", "bad-host"],
    ["Host: []\r\n", "bad-host"],
    ["Host: [::1]x\r\n", "bad-host"],
    ["Host: [::1%25eth0]\r\n", "bad-host"],
    ["Host: [127.0.0.1]\r\n", "bad-host"],
    ["Host: [a]\r\n", "bad-host"],
    [`Host: ${"a".repeat(256)}\r\n`, "bad-host"],
  ])("%j", (line, refusal) => {
    expect(request(`GET / HTTP/1.1\r\n${line}\r\n`)).toEqual({ length: -400, refusal });
  });

  test.each(["a", "A.Example.", "a_b.example:8080", "192.0.2.1:1", "[::1]", "[2001:db8::1]:65535", "a:0"])(
    "but not %s",
    (host) => {
      expect(request(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toMatchObject({ host });
    },
  );
});

describe("a target in absolute form", () => {
  test("gives its path, its authority and its scheme", () => {
    const text = "GET HTTPS://A:80//b/../c?d=http://e/ HTTP/1.1\r\nHost: a:80\r\n\r\n";
    expect(request(text)).toMatchObject({ target: "//b/../c?d=http://e/", host: "A:80", flags: ["schemeIsHttps"] });
    expect(request("GET http://a/ HTTP/1.0\r\n\r\n")).toMatchObject({ target: "/", host: "a", flags: [] });
  });

  test.each([
    ["http://a/", "Host: b\r\n", "host-differs"],
    ["http://a/", "Host: a:80\r\n", "host-differs"],
    ["http://a/", "Host: a\r\nHost: a\r\n", "host-repeated"],
    ["http://a/", "", "host-missing"],
    ["http://a", "Host: a\r\n", "bad-target"],
    ["http://a?/b", "Host: a\r\n", "bad-target"],
    ["http://u@a/", "Host: a\r\n", "bad-target"],
    ["http:///a", "Host: a\r\n", "bad-target"],
    ["http:/a", "Host: a\r\n", "bad-target"],
    ["ftp://a/", "Host: a\r\n", "bad-target"],
    ["a/", "Host: a\r\n", "bad-target"],
    ["*", "Host: a\r\n", "bad-target"],
    ["/a#b", "Host: a\r\n", "bad-target"],
    ["/\xe4", "Host: a\r\n", "bad-target"],
    ["/\x7f", "Host: a\r\n", "bad-target"],
    ["/a\0", "Host: a\r\n", "bad-target"],
  ])("%j with %j is refused", (target, lines, refusal) => {
    expect(request(`GET ${target} HTTP/1.1\r\n${lines}\r\n`)).toEqual({ length: -400, refusal });
  });
});

test.each(["/a%2Fb", "/%2e%2e/%5c%00;x", "//a//../b/.", "/a\\b", '/a|{}^`"<>?b?c', "/"])(
  "the target %s is carried unchanged (H09)",
  (target) => {
    expect(request(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatchObject({ target });
  },
);

test("OPTIONS has the target *", () => {
  expect(request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).toMatchObject({ target: "*" });
});

describe("bounds:", () => {
  const sized = (size: number) => request(`${OK}X: ${"y".repeat(size - OK.length - 7)}\r\n\r\n`);

  test("a head of 16 KiB is read, one byte more is refused, and so is an unfinished one", () => {
    expect(sized(16_384)).toMatchObject({ length: 16_384 });
    expect(sized(16_385)).toEqual({ length: -431, refusal: "head-too-long" });
    expect(request(`${OK}${"X: y\r\n".repeat(120)}${"y".repeat(16_000)}`)).toEqual({
      length: -431,
      refusal: "head-too-long",
    });
    expect(told(request("G".repeat(16_383)))).toBe("incomplete");
    expect(told(request("G".repeat(16_384)))).toBe("head-too-long");
  });

  test("a target of 8 KiB is read, one byte more is refused, complete or not", () => {
    const line = (size: number) => `GET /${"a".repeat(size - 1)}`;
    expect(told(request(`${line(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`))).toBe("read");
    expect(request(`${line(8193)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toEqual({ length: -414, refusal: "target-too-long" });
    expect(request(line(8193))).toEqual({ length: -414, refusal: "target-too-long" });
  });

  test("128 lines are read, one more is refused", () => {
    expect(told(withLines(...Array.from({ length: 127 }, () => "X: y")))).toBe("read");
    expect(withLines(...Array.from({ length: 128 }, () => "X: y"))).toEqual({
      length: -431,
      refusal: "too-many-fields",
    });
  });

  test("the limits are options", () => {
    expect(told(request(`${OK}\r\n`, { ...REQUEST_LIMITS, maxBytes: OK.length + 2 }))).toBe("read");
    expect(told(request(`${OK}\r\n`, { ...REQUEST_LIMITS, maxBytes: OK.length + 1 }))).toBe("head-too-long");
    expect(told(request(`${OK}\r\n`, { ...REQUEST_LIMITS, maxTargetBytes: 0 }))).toBe("target-too-long");
  });
});
