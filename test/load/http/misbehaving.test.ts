import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { rawServer, runHttp } from "./support.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What a server does with a request, and the cause that is counted. */
const BROKEN: readonly [what: string, cause: string, answer: (socket: Socket) => void][] = [
  ["says nothing and closes", "first byte closed", (socket) => void socket.end()],
  ["resets", "first byte reset", (socket) => void socket.resetAndDestroy()],
  ["closes within its head", "head closed", (socket) => void socket.end("HTTP/1.1 200 OK\r\nCont")],
  [
    "closes within its body",
    "body closed",
    (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
  ],
  [
    "closes within its chunks",
    "body closed",
    (socket) => void socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
  ],
  ["sends more than its length", "body bytes behind its end", (socket) => void socket.write(`${OK}!`)],
  [
    "sends a chunk of no size",
    "body bad-chunk-size",
    (socket) => void socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
  ],
  [
    "sends two lengths",
    "head content-length-repeated",
    (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
  ],
  ["speaks no HTTP", "head bad-start-line", (socket) => void socket.write("220 mail.example ESMTP\r\n")],
  [
    "switches protocols unasked",
    "head 101 without an upgrade",
    (socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  ],
  [
    "sends 1xx without end",
    "head too many 1xx",
    (socket) => void socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)),
  ],
  [
    "sends headers without end",
    "head head-too-long",
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(100_000)}`),
  ],
  [
    "sends too many headers",
    "head too-many-fields",
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(300)}\r\n`),
  ],
];

describe("a server that", () => {
  test.each(BROKEN)("%s: counted as %j", async (_, cause, answer) => {
    await using server = await rawServer(answer);
    const { protocol, messages, connections, verdict } = await runHttp(server.url, { requests: 3 });
    expect(protocol).toMatchObject({ errors: 3, errorsBy: { [cause]: 3 }, status: {} });
    expect(messages).toMatchObject({ sent: 3, answered: 0, unanswered: 3, unexpected: 0, dropped: 0 });
    expect(connections.byCause).toEqual({ [`established ${cause}`]: 3 });
    expect(verdict).toMatchObject({ pass: false });
    expect(verdict.reason).toContain("errors=0");
    expect(server.seen.requests).toBe(3);
  });

  test("breaks every third answer is counted beside the others", async () => {
    let count = 0;
    await using server = await rawServer((socket) => {
      count += 1;
      socket.write(count % 3 === 0 ? "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n" : OK);
    });
    const { protocol, messages, latencyUs } = await runHttp(server.url, { requests: 30, connections: 2 });
    expect(protocol).toMatchObject({ errors: 10, errorsBy: { "head bad-content-length": 10 }, status: { 200: 20 } });
    expect(messages).toMatchObject({ sent: 30, answered: 20, unanswered: 10 });
    // A request without an answer has no latency: it counts as long as it was waited for.
    expect(latencyUs.message).toMatchObject({ count: 30, atLeast: { count: 10 } });
  });

  test.each([
    ["never answers", "first byte timeout", () => {}],
    ["drips its head", "head timeout", (socket: Socket) => drip(socket, "HTTP/1.1 200 OK\r\nX: ")],
    [
      "drips its body",
      "body timeout",
      (socket: Socket) => drip(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
    ],
  ])("%s: counted as %j", async (_, cause, answer) => {
    await using server = await rawServer(answer);
    const { protocol, messages } = await runHttp(server.url, { requests: 2, timeoutMs: 200 });
    expect(protocol).toMatchObject({ errors: 2, errorsBy: { [cause]: 2 } });
    expect(messages).toMatchObject({ sent: 2, answered: 0, unanswered: 2 });
  });

  test("answers before it has the request, and takes no more of it", async () => {
    await using server = await rawServer((socket) => {
      socket.pause();
      socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    });
    const body = new Uint8Array(32 * 1024 * 1024);
    const { protocol, messages } = await runHttp(server.url, { requests: 2, body, timeoutMs: 3000 });
    expect(protocol).toMatchObject({ errors: 2, errorsBy: { "head early response 413": 2 }, status: {} });
    // Neither left whole, and each is counted once: as an error.
    expect(messages).toMatchObject({ planned: 2, sent: 2, dropped: 0, answered: 0, unanswered: 2 });
  });

  test("speaks first loses its connection, and no request", async () => {
    await using server = await rawServer(
      (socket) => void socket.write(OK),
      (socket) => void (server.seen.connections === 1 && socket.write("HELLO")),
    );
    const { protocol, connections } = await runHttp(server.url, { requests: 5 });
    expect([protocol.status, protocol.errors + (protocol.status["200"] ?? 0)]).toEqual([expect.anything(), 5]);
    expect(connections.lost).toBe(1);
  });

  test("closes pipelined requests fails each of them", async () => {
    await using server = await rawServer((socket, index) => {
      if (index === 1) socket.end(OK);
      else if (index === 0) socket.write(OK);
    });
    const { protocol, messages } = await runHttp(server.url, { requests: 8, pipeline: 4 });
    expect(protocol.errors + (protocol.status["200"] ?? 0)).toBe(8);
    expect(protocol.errorsBy["first byte closed"]).toBe(protocol.errors);
    expect(messages).toMatchObject({ sent: 8, answered: 8 - protocol.errors, unanswered: protocol.errors });
  });

  test("refuses connections ends the run at once, with the cause", async () => {
    const server = await rawServer(() => {});
    await server[Symbol.asyncDispose]();
    const { connections, endedBy, verdict, messages } = await runHttp(server.url, {
      durationMs: 30_000,
      connections: 3,
    });
    expect(connections).toMatchObject({ opened: 0, byCause: { "connect ECONNREFUSED": 3 } });
    expect([endedBy, verdict.pass, messages.sent]).toEqual(["no-connections", false, 0]);
    expect(verdict.reason).toEndWith(": no connection could be opened");
  });
});

/** Sends a byte every 20 ms. */
function drip(socket: Socket, first: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write("x"), 20);
  socket.once("close", () => clearInterval(timer));
}
