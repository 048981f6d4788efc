import { describe, expect, test } from "bun:test";
import { decodeConnectReply, encodeConnectRequest, HeadBuffer, httpConnectDialogue } from "../../src/wire/mod.ts";
import { latin1, type Work, watched } from "./support.ts";

const TARGET = { host: "home.arpa", port: 443 };

describe("a request", () => {
  test("names its target twice, an IPv6 address in brackets, and carries Basic credentials", () => {
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
    expect(text(encodeConnectRequest(TARGET))).toBe("CONNECT home.arpa:443 HTTP/1.1\r\nHost: home.arpa:443\r\n\r\n");
    expect(text(encodeConnectRequest({ host: "::1", port: 1 }))).toStartWith(
      "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1",
    );
    // RFC 7617 §2: its own example, and §2.1: a name in UTF-8.
    const aladdin = { username: "Aladdin", password: "open sesame" };
    expect(text(encodeConnectRequest(TARGET, aladdin))).toContain("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    expect(text(encodeConnectRequest(TARGET, { username: "test", password: "123£" }))).toContain(
      "Basic dGVzdDoxMjPCow==",
    );
  });

  test.each([
    ...["a\r\nX: y", "a b", "a\0", "a:80", "", "a/", "x".repeat(256)].map(
      (host) => () => encodeConnectRequest({ host, port: 1 }),
    ),
    () => encodeConnectRequest({ host: "a", port: 0 }),
    () => encodeConnectRequest(TARGET, { username: "a:b", password: "" }),
    () => encodeConnectRequest(TARGET, { username: "a\n", password: "" }),
    () => encodeConnectRequest(TARGET, { username: "a", password: "b\0" }),
  ])("that would say something else is refused (case %#)", (encode) => {
    expect(encode).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });
});

describe("the head of a response", () => {
  // The first two as tinyproxy 1.11.1 was seen to send them.
  test.each([
    [
      "HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
      { status: 200, phrase: "Connection established", fields: [["proxy-agent", "tinyproxy/1.11.1"]] },
    ],
    [
      'HTTP/1.0 407 Proxy Authentication Required\r\nServer: tinyproxy/1.11.1\r\nProxy-Authenticate: Basic realm="T"\r\n\r\n',
      {
        status: 407,
        phrase: "Proxy Authentication Required",
        fields: [
          ["server", "tinyproxy/1.11.1"],
          ["proxy-authenticate", 'Basic realm="T"'],
        ],
      },
    ],
    ["HTTP/1.1 200 \r\n\r\n", { status: 200, phrase: "", fields: [] }],
    [
      "HTTP/1.1 204 \xe9\r\nA:\r\nA: \t b\tc \t\r\n\r\n",
      {
        status: 204,
        phrase: "é",
        fields: [
          ["a", ""],
          ["a", "b\tc"],
        ],
      },
    ],
  ])("%p is read, and not before its last byte", (text, value) => {
    const bytes = latin1(`${text}\x16\x03`);
    expect(decodeConnectReply(bytes)).toEqual({ state: "value", value, length: text.length } as never);
    expect(decodeConnectReply(Buffer.from(bytes))).toEqual({ state: "value", value, length: text.length } as never);
    for (let end = 0; end < text.length; end++) {
      expect(decodeConnectReply(bytes.subarray(0, end))).toEqual({ state: "incomplete" });
      expect(decodeConnectReply(bytes, end)).toMatchObject({ state: "value", length: text.length });
    }
  });

  test.each([
    ["SSH-2.0-OpenSSH_9.2\r\n", "not-http"],
    ["http/1.1 200 OK\r\n\r\n", "not-http"],
    ["\r\nHTTP/1.1 200 OK\r\n\r\n", "not-http"],
    ["HTTP/2 200 OK\r\n\r\n", "not-http"],
    ["HTTP/1.2 200 OK\r\n\r\n", "malformed-head"],
    ["HTTP/1.1  200 OK\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 20 OK\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 099 OK\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA: b\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 O\0K\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\n: b\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA\r\n\r\n", "malformed-head"],
    ["HTTP/1.1 200 OK\r\nA\xe9: b\r\n\r\n", "malformed-head"],
  ])("%p is refused", (text, reason) => {
    expect(decodeConnectReply(latin1(text))).toEqual({ state: "refused", reason } as never);
  });

  test("is limited to 16 KiB, or to the given size", () => {
    const start = "HTTP/1.1 200 OK\r\nA: ";
    const head = (bytes: number) => latin1(`${start}${"x".repeat(bytes - start.length - 4)}\r\n\r\n`);
    expect(decodeConnectReply(head(16_384))).toMatchObject({ state: "value", length: 16_384 });
    expect(decodeConnectReply(head(16_385))).toEqual({ state: "refused", reason: "too-long" });
    expect(decodeConnectReply(head(16_384).subarray(0, 16_383))).toEqual({ state: "incomplete" });
    expect(decodeConnectReply(head(101), 0, { maxBytes: 100 })).toEqual({ state: "refused", reason: "too-long" });
  });

  test("costs no more when it arrives byte by byte, in time linear in its length", () => {
    const text = `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(2000)}`;
    const bytes = latin1(text);
    const work: Work = { looked: 0, copied: 0 };
    for (let end = 0; end < bytes.length; end++) {
      const answer = decodeConnectReply(watched(bytes.subarray(0, end), work), Math.max(0, end - 1));
      expect(answer.state).toBe("incomplete");
    }
    expect(work.looked).toBeLessThanOrEqual(4 * bytes.length);
    // Blanks are where a careless pattern takes quadratic time: so many heads of them would then take minutes.
    const blanks = latin1(`HTTP/1.1 200 ${" ".repeat(8000)}\r\nA:${" ".repeat(7000)}b${" ".repeat(1000)}\0\r\n\r\n`);
    for (let round = 0; round < 300; round++) expect(decodeConnectReply(blanks).state).toBe("refused");
  });
});

describe("a dialogue", () => {
  const steps = (...chunks: string[]) => {
    const dialogue = httpConnectDialogue(TARGET);
    return chunks.map((chunk) => {
      const step = dialogue.receive(latin1(chunk));
      if (step.state === "open") return `open ${Buffer.from(step.rest).toString()}`;
      return step.state === "refused" ? `${step.reason}: ${step.detail}` : step.state;
    });
  };
  const ok = "HTTP/1.1 200 OK\r\n\r\n";
  const wait = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";

  test.each([
    ["opens, with what came through already", [`${ok}220 hello`], ["open 220 hello"]],
    ["opens with any 2xx, whatever it says about a body", [`HTTP/1.1 299 x\r\nContent-Length: 5\r\n\r\n`], ["open "]],
    [
      "waits for the rest",
      [ok.slice(0, 9), ok.slice(9, 18), `${ok.slice(18)}x`],
      ["incomplete", "incomplete", "open x"],
    ],
    ["passes over interim answers", [`${wait}${wait}${ok}x`], ["open x"]],
    [
      "passes over them in pieces",
      [wait, wait.slice(0, 9), `${wait.slice(9)}${ok}x`],
      ["incomplete", "incomplete", "open x"],
    ],
    ["does not wait for ever", [wait.repeat(9)], ["status: 103 Early Hints"]],
    ["asks for a login", ["HTTP/1.1 407 Who\r\n\r\n"], ["authentication-required: 407 Who"]],
    ["says what the proxy said, fit to print", ["HTTP/1.1 503 N\xe9\t\r\n\r\n"], ["status: 503 N??"]],
    ["takes no other protocol", ["HTTP/1.1 101 Switching\r\n\r\n"], ["status: 101 Switching"]],
    ["refuses what is no answer", ["* OK IMAP4"], ["not-http: undefined"]],
  ])("%s", (_, chunks, expected) => {
    expect(steps(...chunks)).toEqual(expected);
  });

  test("has the same result byte by byte", () => {
    expect(steps(...wait, ...ok).filter((word) => word !== "incomplete")).toEqual(["open "]);
  });
});

describe("the start of a stream", () => {
  test("is the chunk itself while no bytes are kept, and all bytes otherwise", () => {
    const head = new HeadBuffer();
    const chunk = latin1("ab");
    expect(head.add(chunk)).toBe(chunk);
    head.keep(head.add(chunk));
    chunk.fill(0);
    for (let count = 0; count < 200; count++) head.keep(head.add(latin1("c")));
    expect(Buffer.from(head.add(latin1("d"))).toString()).toBe(`ab${"c".repeat(200)}d`);
  });

  test("can be dropped up to any place", () => {
    const head = new HeadBuffer();
    head.keep(head.add(latin1("abc")));
    head.keep(head.add(latin1("def")).subarray(4));
    expect(Buffer.from(head.add(latin1("g"))).toString()).toBe("efg");
    head.keep(new Uint8Array(0));
    expect(Buffer.from(head.add(latin1("h"))).toString()).toBe("h");
  });
});
