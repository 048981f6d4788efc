import { afterEach, describe, expect, test } from "bun:test";
import { Bench, send } from "./support.ts";

const bench = new Bench();
afterEach(() => bench.close());

const OK = "HTTP/1.1 200 OK\r\n";

describe("an answer is whole:", () => {
  test.each<[name: string, answer: string, body: string, isKept: boolean]>([
    ["by its length", `${OK}Content-Length: 5\r\n\r\nhello`, "hello", true],
    ["of length 0", `${OK}Content-Length: 0\r\n\r\n`, "", true],
    ["by chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n`, "hello", true],
    ["by chunks without content", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "", true],
    ["with Connection: close", `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nhi`, "hi", false],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", false],
    [
      "of HTTP/1.0 that is kept",
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
      "hi",
      true,
    ],
    ["204, which has no body", "HTTP/1.1 204 No Content\r\n\r\n", "", true],
    ["304 with the length of what it stands for", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", true],
    ["204 with a body, which is dropped with the connection", "HTTP/1.1 204 No Content\r\n\r\nbody", "", false],
    ["304 with a body, likewise", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody", "", false],
    ["without a reason phrase", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", "hi", true],
    ["of a status that nobody knows", "HTTP/1.1 299 HM\r\nContent-Length: 2\r\n\r\nhi", "hi", true],
    ["with bytes above 0x7f in a field", `${OK}Name: J\xfcrg\r\nContent-Length: 2\r\n\r\nhi`, "hi", true],
  ])("%s", async (_, answer, body, isKept) => {
    const target = await bench.answering(answer);
    const result = await send(target).done;
    expect(result.failure).toBeUndefined();
    expect(result.events).toEqual([`${result.status}`, ...(body === "" ? [] : ["body"]), "end"]);
    expect(result.text).toBe(body);
    expect(target.counts()).toMatchObject({ open: isKept ? 1 : 0, idle: isKept ? 1 : 0, answered: 1, failed: 0 });
  });

  test("to HEAD: without a body, whatever its fields say", async () => {
    for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
      const target = await bench.answering(`${OK}${framing}\r\n\r\n`);
      const result = await send(target, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").done;
      expect([result.events, result.exchange.bodyFraming, target.counts().idle]).toEqual([["200", "end"], "none", 1]);
    }
  });

  test("until the target closes", async () => {
    const target = await bench.answering(`${OK}\r\nall of it`, true);
    const result = await send(target).done;
    expect([result.events, result.text]).toEqual([["200", "body", "end"], "all of it"]);
    expect([result.exchange.bodyFraming, target.counts().open]).toEqual(["until-close", 0]);
  });

  test("with trailers, which come apart from the head", async () => {
    const target = await bench.answering(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nDigest: abc\r\n\r\n`);
    const result = await send(target).done;
    expect([result.text, result.trailers]).toEqual(["hi", { digest: "abc" }]);
    expect(result.fields).toEqual({ "transfer-encoding": "chunked" });
  });

  test("as raw chunks, with their trailers, where they are carried", async () => {
    const chunks = "2;x\r\nhi\r\n0\r\nDigest: abc\r\n\r\n";
    const target = await bench.answering(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}`);
    const result = await send(target, undefined, { carriesChunks: true }).done;
    expect([result.text, result.trailers, result.exchange.bodyFraming]).toEqual([chunks, undefined, "chunked"]);
  });

  test("after interim answers, which come first", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    const target = await bench.answering(`HTTP/1.1 100 Continue\r\n\r\n${early}${OK}Content-Length: 2\r\n\r\nhi`);
    const result = await send(target).done;
    expect(result.events).toEqual(["100", "103", "200", "body", "end"]);
  });
});

const LENGTH_5 = `${OK}Content-Length: 5\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

describe("a bad answer is a failure before anything of it is delivered:", () => {
  test.each<[name: string, answer: string]>([
    ["no HTTP", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n"],
    ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
    ["HTTP/0.9", "<html>hello, here is the page</html>\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n"],
    ["status 099", "HTTP/1.1 099 Low\r\n\r\n"],
    ["status 600", "HTTP/1.1 600 High\r\n\r\n"],
    ["a bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n"],
    ["a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
    ["a bare LF behind a field", `${OK}Content-Length: 0\n\r\n`],
    ["a bare CR in a value", `${OK}A: b\rSet-Cookie: x=y\r\nContent-Length: 0\r\n\r\n`],
    ["a NUL in a value", `${OK}A: b\0\r\nContent-Length: 0\r\n\r\n`],
    ["a folded line", `${OK}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ["a blank before a colon", `${OK}Content-Length : 0\r\n\r\n`],
    ["an empty name", `${OK}: b\r\nContent-Length: 0\r\n\r\n`],
    ["no colon", `${OK}A b\r\nContent-Length: 0\r\n\r\n`],
    ["a length with a sign", `${OK}Content-Length: +5\r\n\r\nhello`],
    ["a negative length", `${OK}Content-Length: -1\r\n\r\nhello`],
    ["a hexadecimal length", `${OK}Content-Length: 0x5\r\n\r\nhello`],
    ["an endless length", `${OK}Content-Length: 99999999999999999999\r\n\r\nhello`],
    ["two lengths", `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
    ["a list of lengths", `${OK}Content-Length: 5, 5\r\n\r\nhello`],
    ["a length beside chunks", `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["another transfer coding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["two transfer codings", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["more bytes than its length", `${LENGTH_5}hello world`],
    ["a second answer behind it", `${LENGTH_5}hello${LENGTH_5}hello`],
    ["101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"],
    ["a head without an end", `${OK}${"A: b\r\n".repeat(12_000)}`],
    ["a line without an end", `${OK}A: ${"b".repeat(70_000)}`],
    ["too many fields", `${OK}${"A: b\r\n".repeat(300)}\r\n`],
  ])("%s", async (_, answer) => {
    const target = await bench.answering(answer);
    const result = await send(target).done;
    expect(result.events).toEqual(["failed"]);
    expect(result.failure).toMatchObject({ phase: "before-response", reason: "bad-response", isReused: false });
    expect(target.counts()).toMatchObject({ open: 0, idle: 0, answered: 0, failed: 1 });
    expect(target.counts().byReason["bad-response"]).toBe(1);
  });

  test("a flood of 1xx", async () => {
    const target = await bench.answering("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000), false, { maxInterims: 3 });
    const result = await send(target).done;
    expect(result.events).toEqual(["102", "102", "102", "failed"]);
    expect(result.failure?.text).toContain("too many 1xx");
  });

  test.each<[name: string, chunks: string]>([
    ["a size that is no number", "hello\r\n"],
    ["a size with a sign", "+5\r\nhello\r\n0\r\n\r\n"],
    ["a bare LF behind a size", "5\nhello\r\n0\r\n\r\n"],
    ["a chunk that is longer than its size", "5\r\nhello!\r\n0\r\n\r\n"],
    ["a size beyond all bounds", "fffffffffffffffff\r\nhello"],
    ["a trailer that frames", "0\r\nContent-Length: 5\r\n\r\n"],
    ["bytes behind the last chunk", `0\r\n\r\n${LENGTH_5}hello`],
  ])("%s, of chunks that are carried", async (_, chunks) => {
    const target = await bench.answering(CHUNKED + chunks);
    const result = await send(target, undefined, { carriesChunks: true }).done;
    expect(result.events).toEqual(["failed"]);
    expect(result.failure).toMatchObject({ phase: "before-response", reason: "bad-response" });
    const unpacked = await send(target).done;
    expect([unpacked.looksWhole, unpacked.failure?.reason]).toEqual([false, "bad-response"]);
    expect(target.counts().open).toBe(0);
  });
});

describe("an answer that breaks off is a failure, never a shorter answer:", () => {
  test.each<[name: string, answer: string, phase: string]>([
    ["before a byte", "", "before-response"],
    ["within the status line", "HTTP/1.", "before-response"],
    ["within a field", `${OK}Content-`, "before-response"],
    ["behind 1xx", "HTTP/1.1 100 Continue\r\n\r\n", "before-response"],
    ["before its length", `${LENGTH_5}hell`, "in-response"],
    ["within a chunk", `${CHUNKED}5\r\nhell`, "in-response"],
    ["behind a chunk", `${CHUNKED}5\r\nhello\r\n`, "in-response"],
    ["within the last chunk", `${CHUNKED}5\r\nhello\r\n0\r\n`, "in-response"],
  ])("%s", async (_, answer, phase) => {
    const target = await bench.answering(answer, true);
    for (const carriesChunks of [false, true]) {
      const result = await send(target, undefined, { carriesChunks }).done;
      expect(result.looksWhole).toBe(false);
      expect(result.failure).toMatchObject({ phase, reason: "closed", isReused: false, isTimeout: false });
    }
    expect(target.counts()).toMatchObject({ open: 0, failed: 2 });
  });

  test("with a reset, also where only the close would end it", async () => {
    const raw = await bench.raw(({ socket }) => {
      socket.write(`${OK}\r\nhalf of it`, () => socket.resetAndDestroy());
    });
    const result = await send(bench.target({ url: raw.url })).done;
    expect(result.looksWhole).toBe(false);
    expect(result.failure?.reason).toBe("reset");
  });
});
