import { describe, expect, test } from "bun:test";
import { BodyFraming, type Exchange } from "../../../src/http/mod.ts";
import { FieldName, fieldLine, fieldSet, Head, readResponse, readTrailers } from "../../../src/wire/http1/mod.ts";
import { until } from "../../net/support.ts";
import { ascii, parseAnswers, RawClient, Site, serve, talk, type Visit } from "./support.ts";

const request = (method = "GET", version = "1.1") =>
  `${method} / HTTP/${version}\r\nHost: a\r\nConnection: ${version === "1.0" ? "keep-alive" : "x"}\r\n\r\n`;
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const ABC = ascii("abc");

/** Answers with `status` and `framing`, and sends `abc`. */
const abc =
  (status: number, framing: number) =>
  (exchange: Exchange<Visit>, { target }: Visit) => {
    exchange.begin(target === "/last" ? 200 : status);
    exchange.sendHead(target === "/last" ? 3 : framing, ABC);
    exchange.end();
  };

describe("content is delimited", () => {
  test.each([
    ["by its length", "GET", "1.1", 200, 3, { "content-length": "3" }, "abc"],
    [
      "as chunks where its length is not known",
      "GET",
      "1.1",
      200,
      BodyFraming.unknown,
      { "transfer-encoding": "chunked" },
      "abc",
    ],
    ["by its length on HTTP/1.0", "GET", "1.0", 200, 3, { "content-length": "3", connection: "keep-alive" }, "abc"],
    ["not at all to HEAD", "HEAD", "1.1", 200, 3, { "content-length": "3" }, ""],
    [
      "not at all to HEAD, where its length is not known",
      "HEAD",
      "1.1",
      200,
      BodyFraming.unknown,
      { "transfer-encoding": "chunked" },
      "",
    ],
    [
      "not at all to HEAD, where chunks are carried",
      "HEAD",
      "1.1",
      200,
      BodyFraming.chunks,
      { "transfer-encoding": "chunked" },
      "",
    ],
    ["not at all with 204", "GET", "1.1", 204, 3, {}, ""],
    ["not at all with 204 of unknown length", "GET", "1.1", 204, BodyFraming.unknown, {}, ""],
    ["not at all with 304, which may say a length", "GET", "1.1", 304, 3, { "content-length": "3" }, ""],
    ["not at all with 304 of unknown length", "GET", "1.1", 304, BodyFraming.unknown, {}, ""],
  ])("%s", async (_, method, version, status, framing, fields, content) => {
    await using server = await serve(new Site(abc(status, framing)));
    const answers = parseAnswers(
      await talk(server.port, request(method, version) + LAST),
      method === "HEAD" ? [0] : [],
    );
    expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
    const { date, ...rest } = answers[0]!.fields;
    expect(rest).toEqual(fields as Record<string, string>);
    expect(Date.now() - Date.parse(date!)).toBeLessThan(3000);
    expect(answers.map((answer) => answer.content)).toEqual([content, "abc"]);
  });

  test("by the end of the connection on HTTP/1.0, where its length is not known", async () => {
    await using server = await serve(new Site(abc(200, BodyFraming.unknown)));
    const received = await talk(server.port, request("GET", "1.0") + LAST);
    expect(received.match(/^HTTP|^Connection: .*(?=\r)/gm)).toEqual(["HTTP", "Connection: close"]);
    expect(received).not.toContain("Transfer-Encoding");
    expect(received).toEndWith("\r\n\r\nabc");
  });

  test("as nothing, where an answer has none", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(BodyFraming.none);
      exchange.end();
    });
    await using server = await serve(site);
    expect(await talk(server.port, LAST)).toContain("\r\nContent-Length: 0\r\n");
  });

  test("by whoever made the chunks that are carried", async () => {
    const site = new Site((exchange) => {
      expect(exchange.canCarryChunks).toBe(true);
      exchange.begin(200);
      exchange.sendHead(BodyFraming.chunks, ascii("3;x\r\nabc\r\n0\r\nX: y\r\n\r\n"));
      exchange.end();
    });
    await using server = await serve(site);
    expect(await talk(server.port, LAST)).toEndWith("\r\n\r\n3;x\r\nabc\r\n0\r\nX: y\r\n\r\n");
  });
});

describe("an answer", () => {
  test("of large pieces arrives whole", async () => {
    const piece = new Uint8Array(200_000).map((_, index) => 97 + (index % 26));
    const expected = Buffer.from(piece).toString().repeat(3);
    for (const framing of [600_000, BodyFraming.unknown]) {
      const site = new Site((exchange) => {
        exchange.begin(200);
        exchange.sendHead(framing, piece);
        exchange.send(piece);
        exchange.send(piece);
        exchange.end();
      });
      await using server = await serve(site);
      const [answer] = parseAnswers(await talk(server.port, LAST));
      expect(answer?.content.length).toBe(600_000);
      expect(answer?.content === expected).toBe(true);
      expect(site.visits[0]?.exchange.responseBodyBytes).toBe(600_000);
    }
  });

  test("with head and content leaves in one write", async () => {
    await using server = await serve(new Site());
    const client = new RawClient(server.port);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answers(1);
    expect(server.counts().writes).toBe(1);
    client.socket.destroy();
  });

  test("with trailers has them behind its last chunk", async () => {
    const trailers = new Head();
    const lines = ascii("Grpc-Status: 0\r\nContent-Length: 5\r\n\r\n");
    readTrailers(trailers, lines, 0, lines.length);
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(BodyFraming.unknown, ABC);
      exchange.end(trailers, lines);
    });
    await using server = await serve(site);
    expect(await talk(server.port, LAST)).toEndWith("3\r\nabc\r\n0\r\nGrpc-Status: 0\r\n\r\n");
  });

  test("with trailers that are too long is broken off", async () => {
    const trailers = new Head();
    const lines = ascii(`X: ${"y".repeat(2000)}\r\n\r\n`);
    readTrailers(trailers, lines, 0, lines.length);
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(BodyFraming.unknown, ABC);
      exchange.end(trailers, lines);
    });
    await using server = await serve(site, { maxAnswerHeadBytes: 1024 });
    const client = new RawClient(server.port).send(request());
    await until(() => client.closed);
    expect([client.error, site.visits[0]?.exchange.outcome]).toEqual(["ECONNRESET", "failed"]);
    expect(client.received).not.toContain("\r\n0\r\n");
  });

  test.each([
    ["less content than announced", 4, "aborted"],
    ["more content than announced", 2, "aborted"],
  ])("with %s is broken off", async (_, length, outcome) => {
    const site = new Site(abc(200, length));
    await using server = await serve(site);
    const client = new RawClient(server.port).send(request());
    await until(() => client.closed);
    expect(client.error).toBe("ECONNRESET");
    expect(client.received).not.toContain("abc\r\n");
    expect(site.visits.map(({ finishes, exchange }) => [finishes, exchange.outcome])).toEqual([[1, outcome as never]]);
  });

  test("that ends before it began is 500", async () => {
    await using server = await serve(new Site((exchange) => exchange.end()));
    expect(parseAnswers(await talk(server.port, LAST)).map(({ status }) => status)).toEqual([500]);
  });

  test("has the lines that are copied, without those of a hop, named ones and those that frame", async () => {
    const bytes = ascii(
      "HTTP/1.1 200 OK\r\nServer: s\r\nX-A:  1 \r\nX-B: 2\r\nKeep-Alive: timeout=5\r\nX-Named: 3\r\nConnection: x-named\r\n" +
        "Content-Length: 9\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nX-Powered-By: p\r\nX-C: 4\r\n\r\n",
    );
    const head = new Head();
    // Both ways to frame are refused where they come from; none of them must get through here.
    readResponse(head, bytes, 0, bytes.length);
    const site = new Site((exchange) => {
      const writer = exchange.begin(200);
      writer.lines(head, bytes, fieldSet(FieldName.server), [ascii("x-powered-by")]);
      writer.line(fieldLine("Via", "1.1 tenk"));
      writer.field("X-Last", "5");
      exchange.sendHead(3, ABC);
      exchange.end();
    });
    await using server = await serve(site);
    const received = await talk(server.port, LAST);
    expect(received.split("\r\n\r\n")[0]?.split("\r\n")).toEqual([
      "HTTP/1.1 200 OK",
      "X-A:  1",
      "X-B: 2",
      "Date: Mon, 01 Jan 2024 00:00:00 GMT",
      "X-C: 4",
      "Via: 1.1 tenk",
      "X-Last: 5",
      "Content-Length: 3",
      "Connection: close",
    ]);
  });

  test("whose head is too long is 502 instead", async () => {
    const long = fieldLine("X-Long", "a".repeat(1000));
    const site = new Site((exchange) => {
      const writer = exchange.begin(200);
      for (let count = 0; count < 70; count++) writer.line(long);
      exchange.sendHead(3, ABC);
      exchange.send(ABC);
      exchange.end();
    });
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, LAST));
    expect(answers.map(({ status }) => status)).toEqual([502]);
    expect(site.visits.map(({ finishes, exchange }) => [finishes, exchange.status])).toEqual([[1, 502]]);
  });

  test("of a field with a line break throws, and is 500", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200).field("Location", "/a\r\nSet-Cookie: b");
    });
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, LAST));
    expect(answers.map(({ status }) => status)).toEqual([500]);
    expect(site.visits.map(({ finishes, exchange }) => [finishes, exchange.outcome])).toEqual([[1, "failed"]]);
  });

  test("that comes when the exchange has ended is ignored", async () => {
    const site = new Site((exchange) => {
      exchange.fail(503, "Busy.", fieldLine("Retry-After", "3"));
      exchange.begin(200).field("X", "y");
      exchange.sendHead(3, ABC);
      exchange.send(ABC);
      exchange.interim(new Head(), ABC);
      exchange.fail(500);
      exchange.pauseBody();
      exchange.tunnel();
      exchange.end();
      exchange.abort("aborted");
    });
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, request() + LAST));
    expect(answers.map(({ status, fields, content }) => [status, fields["retry-after"], content])).toEqual([
      [503, "3", "503 Service Unavailable\n\nBusy.\n"],
      [503, "3", "503 Service Unavailable\n\nBusy.\n"],
    ]);
  });
});

test.each([
  ["a head", false],
  ["content", true],
])("a head into which another connection sent %s is never sent", async (_, hasBegun) => {
  const begin = (exchange: Exchange<Visit>) => {
    exchange.begin(200);
    exchange.sendHead(BodyFraming.unknown);
  };
  const site = new Site((exchange, { target }) => {
    const waiting = site.visits[0]!.exchange;
    if (target === "/waits") {
      if (hasBegun) begin(exchange);
      return;
    }
    exchange.begin(200).field("X-Of", "second");
    if (!hasBegun) begin(waiting);
    waiting.send(ABC);
    waiting.end();
    exchange.sendHead(3, ABC);
  });
  await using server = await serve(site);
  const waiting = new RawClient(server.port).send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => site.visits.length === 1);
  const second = new RawClient(server.port).send(request());
  await until(() => second.closed);
  expect([second.received, site.visits[1]?.exchange.outcome]).toEqual(["", "failed"]);
  expect((await waiting.answers(1)).map(({ status, content }) => [status, content])).toEqual([[200, "abc"]]);
  expect(waiting.received).not.toContain("X-Of");
  waiting.socket.destroy();
});

describe("an error page", () => {
  test.each([
    ["text/html", "text/html; charset=utf-8"],
    ["application/json", "application/problem+json"],
    ["*/*", "text/plain; charset=utf-8"],
  ])("for %s is %s", async (accept, type) => {
    await using server = await serve(new Site((exchange) => exchange.fail(404)));
    const [answer] = parseAnswers(await talk(server.port, LAST.replace("\r\n\r\n", `\r\nAccept: ${accept}\r\n\r\n`)));
    expect([answer?.status, answer?.fields["content-type"], answer?.fields["cache-control"]]).toEqual([
      404,
      type,
      "no-store",
    ]);
    expect(answer?.content).toContain("There is nothing at this address.");
  });
});
