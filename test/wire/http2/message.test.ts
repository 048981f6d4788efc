import { describe, expect, test } from "bun:test";
import { FieldName, Head } from "../../../src/wire/http1/mod.ts";
import { writeInteger } from "../../../src/wire/http2/integer.ts";
import {
  FieldSection,
  HpackDecoder,
  MALFORMED_MESSAGE,
  RequestPseudo,
  readRequestSection,
  readTrailerSection,
} from "../../../src/wire/http2/mod.ts";
import { latin1 } from "../support.ts";
import { LIMITS } from "./support.ts";

const section = new FieldSection({ ...LIMITS, maxBlockBytes: 32_768 });
const head = new Head();
const pseudo = new RequestPseudo();

/** Decodes `name: value` texts as plain literals, so that nothing is repaired on the way. */
function decode(lines: readonly string[]): FieldSection {
  const bytes = lines.flatMap((line) => {
    const colon = line.indexOf(":", 1);
    return [0, ...literal(line.slice(0, colon)), ...literal(line.slice(colon + 2))];
  });
  expect(new HpackDecoder().decode(Uint8Array.from(bytes), 0, bytes.length, section)).toBe(true);
  return section;
}

function literal(text: string): number[] {
  const bytes = latin1(text);
  const length = new Uint8Array(8);
  return [...length.subarray(0, writeInteger(length, 0, 7, 0, bytes.length)), ...bytes];
}

const read = (...lines: string[]) => readRequestSection(decode(lines), head, pseudo);
const text = (from: number, to: number) => Buffer.from(section.bytes.subarray(from, to)).toString("latin1");

const GET = [":method: GET", ":scheme: https", ":authority: a.example", ":path: /x?y"];
const CONNECT = [":method: CONNECT", ":scheme: https", ":authority: a.example", ":path: /ws"];

describe("a request is read", () => {
  test("as a head of offsets", () => {
    expect(read(...GET, "user-agent: u", "content-length: 12", "x_y: z")).toBe(0);
    expect([text(head.methodStart, head.methodEnd), text(head.targetStart, head.targetEnd)]).toEqual(["GET", "/x?y"]);
    expect([text(head.hostStart, head.hostEnd), head.schemeIsHttps, head.version]).toEqual(["a.example", true, 20]);
    expect([head.count, head.contentLength, head.hasAmbiguousNames]).toEqual([3, 12, true]);
  });

  test("with its cookies in one line", () => {
    expect(read(...GET, "cookie: a=b", "accept: */*", "cookie: c=d", "cookie: e")).toBe(0);
    expect(head.count).toBe(2);
    const [nameStart, , , valueEnd] = head.fields.subarray(head.at(FieldName.cookie) * 5);
    expect(text(nameStart!, valueEnd! + 2)).toBe("cookie: a=b; c=d; e\r\n");
  });

  test("with a Host that says the same, or alone", () => {
    expect(read(...GET, "host: A.example")).toBe(0);
    expect(read(":method: GET", ":scheme: http", ":path: /", "host: b:80")).toBe(0);
    expect([text(head.hostStart, head.hostEnd), head.schemeIsHttps]).toEqual(["b:80", false]);
  });

  test("as OPTIONS for the whole server, and as extended CONNECT", () => {
    expect(read(":method: OPTIONS", ":scheme: https", ":authority: a", ":path: *")).toBe(0);
    expect(read(...CONNECT, ":protocol: websocket")).toBe(0);
    expect(text(pseudo.protocolStart, pseudo.protocolEnd)).toBe("websocket");
    expect(read(...GET)).toBe(0);
    expect(pseudo.protocolEnd).toBe(0);
  });
});

describe("a malformed request:", () => {
  test.each([
    ["no method", GET.slice(1)],
    ["no path", GET.slice(0, 3)],
    ["no scheme", [GET[0]!, GET[2]!, GET[3]!]],
    ["an empty path", [...GET.slice(0, 3), ":path: "]],
    ["a path that is none", [...GET.slice(0, 3), ":path: x"]],
    ["an asterisk with GET", [...GET.slice(0, 3), ":path: *"]],
    ["a pseudo-field twice", [...GET, ":path: /"]],
    ["a pseudo-field behind a field", [...GET.slice(0, 3), "a: b", ":path: /"]],
    ["a pseudo-field of responses", [":status: 200", ...GET]],
    ["an unknown pseudo-field", [":unknown: x", ...GET]],
    ["a method with a space", [":method: GE T", ...GET.slice(1)]],
    ["connection", [...GET, "connection: close"]],
    ["keep-alive", [...GET, "keep-alive: 1"]],
    ["proxy-connection", [...GET, "proxy-connection: close"]],
    ["transfer-encoding", [...GET, "transfer-encoding: chunked"]],
    ["upgrade", [...GET, "upgrade: websocket"]],
    ["te with more than trailers", [...GET, "te: trailers, deflate"]],
    ["a name with a capital letter", [...GET, "Accept: x"]],
    [":protocol that is empty", [...CONNECT, ":protocol: "]],
    [":protocol that is no token", [...CONNECT, ":protocol: a/b"]],
    [":protocol with GET", [...GET, ":protocol: websocket"]],
    ["CONNECT with a path", CONNECT],
  ])("%s", (_, lines) => {
    expect(read(...lines)).toBe(MALFORMED_MESSAGE);
  });
});

describe("a request that has an answer:", () => {
  test.each([
    ["another Host", [...GET, "host: b.example"], -400],
    ["two of Host", [...GET, "host: a.example", "host: a.example"], -400],
    ["no authority", [GET[0]!, GET[1]!, GET[3]!], -400],
    ["userinfo in the authority", [GET[0]!, GET[1]!, ":authority: u@a.example", GET[3]!], -400],
    ["a scheme that is not HTTP's", [GET[0]!, ":scheme: ftp", GET[2]!, GET[3]!], -400],
    ["a target with a space", [...GET.slice(0, 3), ":path: /a b"], -400],
    ["two of Content-Length", [...GET, "content-length: 1", "content-length: 1"], -400],
    ["a Content-Length with a sign", [...GET, "content-length: +1"], -400],
    ["plain CONNECT", [":method: CONNECT", ":authority: a.example:443"], -501],
    ["a long target", [...GET.slice(0, 3), `:path: /${"a".repeat(8192)}`], -414],
    ["more fields than the head holds", [...GET, ...new Array(129).fill("a: b")], -431],
    [
      "more bytes than the section holds",
      [...GET, `a: ${"b".repeat(15_000)}`, `a: ${"b".repeat(900)}`, `a: ${"b".repeat(900)}`],
      -431,
    ],
  ])("%s", (_, lines, answer) => {
    expect(read(...lines)).toBe(answer);
  });
});

test("trailers are fields that neither frame nor route", () => {
  expect(readTrailerSection(decode(["grpc-status: 0", "grpc-message: "]), head)).toBe(0);
  expect(head.count).toBe(2);
  for (const line of [":status: 200", "host: a", "content-length: 1", "transfer-encoding: chunked", "Grpc-Status: 0"]) {
    expect(readTrailerSection(decode([line]), head)).toBe(MALFORMED_MESSAGE);
  }
});
