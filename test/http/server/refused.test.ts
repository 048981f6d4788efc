import { describe, expect, test } from "bun:test";
import { parseAnswers, Site, serve, talk } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

/** Sends `bytes` and a second request that must never be seen. */
async function refusal(bytes: string) {
  const site = new Site();
  await using server = await serve(site);
  const answers = parseAnswers(await talk(server.port, `${bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`));
  return { answers, site };
}

describe("a head is answered by the server itself, and the connection closed:", () => {
  test.each([
    // Two ways to say where the content ends.
    ["a length and chunks", `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    ["chunks and a length", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`, 400],
    [
      "a coding list that ends with a comma, and a length",
      `${POST}Transfer-Encoding: chunked,\r\nContent-Length: 3\r\n\r\n`,
      400,
    ],
    ["two codings", `${POST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    ["chunked twice", `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n`, 400],
    ["gzip and chunked", `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 400],
    ["a blank before the colon of a coding", `${POST}Transfer-Encoding : chunked\r\n\r\n`, 400],
    ["a vertical tab before chunked", `${POST}Transfer-Encoding:\x0bchunked\r\n\r\n`, 400],
    ["an empty coding, then chunked", `${POST}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    ["chunks on HTTP/1.0", `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    // Lengths.
    ["two equal lengths", `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, 400],
    ["two lengths", `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`, 400],
    ["a negative length", `${POST}Content-Length: -1\r\n\r\n`, 400],
    ["a length with a sign", `${POST}Content-Length: +1\r\n\r\n`, 400],
    ["a hexadecimal length", `${POST}Content-Length: 0x1\r\n\r\n`, 400],
    ["a list of lengths", `${POST}Content-Length: 3, 3\r\n\r\n`, 400],
    ["a length beyond all numbers", `${POST}Content-Length: 99999999999999999999\r\n\r\n`, 400],
    ["an empty length", `${POST}Content-Length:\r\n\r\n`, 400],
    // Fields.
    ["a folded line", `${GET}X: a\r\n b\r\n\r\n`, 400],
    ["a blank before the colon", `${GET}X : a\r\n\r\n`, 400],
    ["a NUL in a value", `${GET}X: a\0b\r\n\r\n`, 400],
    ["a NUL before the request", `\0${GET}\r\n`, 400],
    ["a CR in a value", `${GET}X: a\rb\r\n\r\n`, 400],
    ["an LF at the end of a line", `${GET}X: a\n\r\n`, 400],
    ["an LF at the end of the first line", "GET /x\nHost: a\r\n\r\n", 400],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two Hosts", `${GET}Host: a\r\n\r\n`, 400],
    ["a Host with userinfo", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400],
    ["an absolute form with another Host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a target that is not ASCII", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["* of another method", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    // Bounds.
    ["a target that is too long", `GET /${"a".repeat(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["a head that is too long", `${GET}X: ${"a".repeat(16_384)}\r\n\r\n`, 431],
    ["too many lines", `${GET}${"X: a\r\n".repeat(128)}\r\n`, 431],
    // What is not done here.
    ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501],
    ["HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
    ["HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505],
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["two empty lines before the request", `\r\n\r\n${GET}\r\n`, 400],
  ])("%s", async (_, bytes, status) => {
    const { answers, site } = await refusal(bytes);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
    expect(answers[0]?.fields.connection).toBe("close");
    expect(site.visits).toEqual([]);
    expect(site.itself.map(([answered]) => answered)).toEqual([status]);
  });
});

describe("chunks are refused, and nothing of them reaches the handler:", () => {
  test.each([
    ["a bare LF behind a size", "3\nabc\r\n0\r\n\r\n"],
    ["a CR within an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"],
    ["a line end within a quoted extension", '3;a="\r\n"\r\nabc\r\n0\r\n\r\n'],
    ["a size with an underscore", "0_0\r\n\r\n"],
    ["a size with 0x", "0x1\r\na\r\n0\r\n\r\n"],
    ["a size beyond 48 bits", "1000000000000\r\na"],
    ["a size with letters behind it", "1these-bytes\r\na\r\n0\r\n\r\n"],
    ["extensions that are too long", `1;${"a".repeat(17_000)}\r\na\r\n0\r\n\r\n`],
    ["more data than the size", "1\r\nab\r\n0\r\n\r\n"],
    ["a last chunk without its line end", "0\r\nGET"],
    ["a trailer that frames", "0\r\nContent-Length: 3\r\n\r\n"],
    ["a trailer with a blank before its colon", "0\r\nX : a\r\n\r\n"],
  ])("%s", async (_, body) => {
    const { answers, site } = await refusal(CHUNKED + body);
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(answers[0]?.fields.connection).toBe("close");
    expect(site.visits.map(({ isWhole, finishes, exchange }) => [isWhole, finishes, exchange.outcome])).toEqual([
      [false, 1, "bad-body"],
    ]);
  });

  test("where they are carried, also what came before in the same piece", async () => {
    const site = new Site();
    site.arrived = (exchange) => {
      exchange.carriesChunks = true;
    };
    await using server = await serve(site);
    await talk(server.port, `${CHUNKED}3\r\nabc\r\n1these-bytes\r\n`);
    expect(site.visits.map(({ body }) => body)).toEqual([""]);
  });
});
