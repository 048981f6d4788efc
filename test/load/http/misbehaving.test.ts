import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { BROKEN, ENDINGS, OK, SLOW } from "./broken-answers.ts";
import { expectBalance, PATIENT, rawServer, runHttp } from "./support.ts";

/** Answers a request of any method. */
const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";

describe("a server that", () => {
  describe.each([
    ["in the clear", false],
    ["under TLS", true],
  ])("%s", (_, isSecure) => {
    const rows = BROKEN.filter(([what, , , options]) => !isSecure || (ENDINGS.test(what) && options !== SLOW));
    test.concurrent.each(rows)("%s: counted as %j, and the run goes on", async (...[, cause, answer, options]) => {
      const broken = options === SLOW ? 1 : 2;
      let count = 0;
      const answerOften = (socket: Socket) => (count++ < broken ? answer(socket) : void socket.write(NO_CONTENT));
      await using server = await rawServer(answerOften, undefined, { isSecure });
      const report = await runHttp(server.url, { ...PATIENT, requests: broken + 1, ...options });
      const { protocol, messages, connections, verdict } = report;
      expect(protocol).toMatchObject({ errors: broken, errorsBy: { [cause]: broken }, status: { 204: 1 } });
      expect(messages).toMatchObject({ sent: broken + 1, answered: 1, unanswered: broken, unexpected: 0, dropped: 0 });
      expectBalance(report);
      expect(connections.byCause).toEqual({ [`established ${cause}`]: broken });
      expect(connections).toMatchObject({ opened: broken + 1, reopened: broken, lost: broken });
      expect(verdict).toMatchObject({ pass: false });
      expect(verdict.reason).toContain("errors=0");
      expect(server.seen).toEqual({ requests: broken + 1, connections: broken + 1 });
    });
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

  test("answers before it has the request, and takes no more of it", async () => {
    await using server = await rawServer((socket) => {
      socket.pause();
      socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    });
    const body = new Uint8Array(32 * 1024 * 1024);
    const { protocol, messages } = await runHttp(server.url, { ...PATIENT, requests: 2, body });
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
    expect(verdict.reason).toContain(": no connection could be opened");
  });
});
