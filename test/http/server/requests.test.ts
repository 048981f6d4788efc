import { describe, expect, test } from "bun:test";
import { BodyFraming } from "../../../src/http/mod.ts";
import { until } from "../../net/support.ts";
import { ascii, parseAnswers, RawClient, Site, serve, TLS, talk } from "./support.ts";

const CLOSE = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

describe("a connection", () => {
  test.each([
    ["HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "stays", undefined],
    ["HTTP/1.1 with close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "closes", "close"],
    [
      "HTTP/1.1 with close among others",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n",
      "closes",
      "close",
    ],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "closes", "close"],
    ["HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "stays", "keep-alive"],
    ["HTTP/1.0 with both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "closes", "close"],
  ])("of %s %s %s", async (_, request, expected, field) => {
    const site = new Site();
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, request + CLOSE));
    expect(answers).toHaveLength(expected === "stays" ? 2 : 1);
    expect(answers[0]?.fields.connection).toBe(field as string);
    expect(site.visits).toHaveLength(answers.length);
  });

  test("agrees with its handler on what happened", async () => {
    const site = new Site();
    await using server = await serve(site, {}, { tls: TLS });
    const client = new RawClient(server.port, true);
    const request = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
    const [answer] = await client.send(`${request}abc`).answers(1);
    const { exchange, finishes } = site.visits[0]!;
    expect(answer?.content).toBe("POST /a abc");
    expect([finishes, exchange.status, exchange.outcome, exchange.protocol]).toEqual([1, 200, "answered", "HTTP/1.1"]);
    expect([exchange.requestHeadBytes, exchange.requestBodyBytes]).toEqual([request.length, 3]);
    expect(exchange.responseHeadBytes + exchange.responseBodyBytes).toBe(client.received.length);
    expect(exchange.startedMs).toBeGreaterThan(0);
    expect(exchange.firstByteMs).toBeGreaterThanOrEqual(exchange.startedMs);
    expect(exchange.endedMs).toBeGreaterThanOrEqual(exchange.firstByteMs);
    expect([exchange.client.isSecure, exchange.client.connection.remoteAddress]).toEqual([true, "127.0.0.1"]);
    client.socket.destroy();
  });

  test("that agreed on h2 goes to the handler for that", async () => {
    const opened: (string | undefined)[] = [];
    const http2 = { open: (connection: { tls?: { alpn?: string } }) => opened.push(connection.tls?.alpn) };
    const site = new Site();
    await using server = await serve(site, { http2: http2 as never }, { tls: { ...TLS, alpn: ["h2", "http/1.1"] } });
    for (const ALPNProtocols of [["h2"], ["http/1.1"]]) {
      const { connect } = await import("node:tls");
      const socket = connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols });
      socket.on("error", () => {});
      socket.write(CLOSE);
      await until(() => socket.alpnProtocol === ALPNProtocols[0] && opened.length + site.visits.length > 0);
      socket.destroy();
    }
    await until(() => site.visits.length === 1);
    expect(opened).toEqual(["h2"]);
  });
});

describe("a target", () => {
  test.each([
    ["as it was sent", "GET /a%2Fb/../c?d=%00 HTTP/1.1\r\nHost: a\r\n", "/a%2Fb/../c?d=%00"],
    ["in absolute form without its authority", "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n", "/b?c"],
  ])("is given %s", async (_, request, target) => {
    const site = new Site();
    await using server = await serve(site);
    await talk(server.port, `${request}Connection: close\r\n\r\n`);
    expect(site.visits.map((visit) => visit.target)).toEqual([target]);
  });

  test("* of OPTIONS is answered by the server, and the connection goes on", async () => {
    const site = new Site();
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n${CLOSE}`));
    expect(answers.map(({ status }) => status)).toEqual([204, 200]);
    expect([site.visits.length, site.itself]).toEqual([1, [[204, "options"]]]);
  });
});

describe("an empty line", () => {
  test.each([
    ["before a request", [`\r\n${CLOSE}`]],
    [
      "behind content, as old browsers send it",
      [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n${CLOSE}`],
    ],
    ["in two pieces", ["\r", `\n${CLOSE}`]],
    ["with the first byte of the request", ["\r\nG", CLOSE.slice(1)]],
  ])("%s is ignored", async (_, pieces) => {
    const site = new Site();
    await using server = await serve(site);
    const client = new RawClient(server.port);
    for (const piece of pieces) {
      const { bytesRead } = server.counts();
      client.send(piece);
      await until(() => server.counts().bytesRead === bytesRead + piece.length);
    }
    await until(() => client.ended);
    client.socket.destroy();
    expect(site.visits.at(-1)?.target).toBe("/last");
    expect(parseAnswers(client.received).every(({ status }) => status === 200)).toBe(true);
  });
});

describe("Expect: 100-continue", () => {
  const EXPECTING = "POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";

  test("is answered before the content is sent", async () => {
    await using server = await serve(new Site());
    const client = new RawClient(server.port).send(EXPECTING);
    expect((await client.answers(1)).map(({ status }) => status)).toEqual([100]);
    const answers = await client.send("abc").answers(2);
    expect(answers.map(({ status, content }) => [status, content])).toEqual([
      [100, ""],
      [200, "POST /up abc"],
    ]);
    expect(answers[1]?.fields.connection).toBeUndefined();
    client.socket.destroy();
  });

  test("is not answered where the content came already", async () => {
    await using server = await serve(new Site());
    const client = new RawClient(server.port).send(`${EXPECTING}abc`);
    expect((await client.answers(1)).map(({ status }) => status)).toEqual([200]);
    client.socket.destroy();
  });

  test("waits until the handler reads", async () => {
    const site = new Site();
    site.arrived = (exchange) => exchange.pauseBody();
    await using server = await serve(site);
    const client = new RawClient(server.port).send(EXPECTING);
    await until(() => site.visits.length === 1);
    expect(client.received).toBe("");
    site.visits[0]!.exchange.resumeBody();
    expect((await client.answers(1))[0]?.status).toBe(100);
    client.send("abc");
    expect((await client.answers(2))[1]?.content).toBe("POST /up abc");
    client.socket.destroy();
  });

  test("ends the connection where the answer came first, as it is not known whether content follows", async () => {
    const site = new Site();
    site.arrived = (exchange) => exchange.fail(401);
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, EXPECTING));
    expect(answers.map(({ status, fields }) => [status, fields.connection])).toEqual([[401, "close"]]);
  });

  test.each([true, false])("is not answered behind the head of the answer (content paused: %p)", async (isPaused) => {
    const site = new Site((exchange) => exchange.end());
    site.arrived = (exchange) => {
      if (isPaused) exchange.pauseBody();
      exchange.begin(200);
      exchange.sendHead(2, ascii("o"));
      exchange.resumeBody();
      exchange.send(ascii("k"));
    };
    await using server = await serve(site);
    const client = new RawClient(server.port).send(EXPECTING);
    await until(() => client.received.endsWith("ok"));
    client.send("abc");
    await until(() => client.ended);
    expect(parseAnswers(client.received).map(({ status, content }) => [status, content])).toEqual([[200, "ok"]]);
    client.socket.destroy();
  });

  test("of HTTP/1.0 is ignored", async () => {
    await using server = await serve(new Site());
    const request = EXPECTING.replace("HTTP/1.1", "HTTP/1.0");
    expect(parseAnswers(await talk(server.port, `${request}abc`)).map(({ status }) => status)).toEqual([200]);
  });
});

describe("an upgrade", () => {
  const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const upgrade = (protocol: string, fields: string) =>
    `GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n${fields}\r\n`;

  test.each([
    ["of a WebSocket", upgrade("WebSocket", `${KEY}Sec-WebSocket-Version: 13\r\n`), "websocket"],
    [
      "of a WebSocket by another method",
      upgrade("websocket", `${KEY}Sec-WebSocket-Version: 13\r\n`).replace("GET", "POST"),
      "",
    ],
    ["of another protocol", upgrade("SPDY/3.1", ""), "spdy/3.1"],
    ["without a key", upgrade("websocket", "Sec-WebSocket-Version: 13\r\n"), ""],
    ["with a short key", upgrade("websocket", "Sec-WebSocket-Key: YQ==\r\nSec-WebSocket-Version: 13\r\n"), ""],
    ["of another version", upgrade("websocket", `${KEY}Sec-WebSocket-Version: 8\r\n`), ""],
    ["to h2c", upgrade("h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), ""],
    ["to h2c in another case", upgrade("H2C", ""), ""],
    ["to h2c among others", upgrade("websocket, h2c", `${KEY}Sec-WebSocket-Version: 13\r\n`), ""],
    ["to TLS", upgrade("TLS/1.0", ""), ""],
    ["to HTTP", upgrade("HTTP/2.0", ""), ""],
    ["with content", upgrade("tcp", "Content-Length: 1\r\n").concat("x"), ""],
    ["that Connection does not name", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: tcp\r\nConnection: close\r\n\r\n", ""],
    ["of HTTP/1.0", upgrade("tcp", "").replace("HTTP/1.1", "HTTP/1.0"), ""],
  ])("%s", async (_, request, expected) => {
    const site = new Site();
    await using server = await serve(site);
    await talk(server.port, request);
    expect(site.visits.map(({ exchange }) => exchange.upgrade)).toEqual([expected]);
  });
});

test("an interim answer is passed on, but not to HTTP/1.0", async () => {
  const { Head, readResponse } = await import("../../../src/wire/http1/mod.ts");
  const bytes = ascii("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x\r\n\r\n");
  const head = new Head();
  readResponse(head, bytes, 0, bytes.length);
  const site = new Site((exchange) => {
    exchange.interim(head, bytes);
    exchange.begin(200);
    exchange.sendHead(BodyFraming.none);
    exchange.end();
  });
  await using server = await serve(site);
  const received = await talk(server.port, CLOSE);
  expect(received).toStartWith("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n");
  expect(await talk(server.port, "GET / HTTP/1.0\r\n\r\n")).toStartWith("HTTP/1.1 200 OK\r\n");
});
