import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { BROKEN, ENDINGS, OK, ON_A_BUSY_MACHINE, SLOW } from "./broken-answers.ts";
import { expectBalance, PATIENT, rawServer, runHttp } from "./support.ts";

/** Answers a request of any method. */
const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";

describe("a server that", () => {
  describe.each([
    ["in the clear", false],
    ["under TLS", true],
  ])("%s", (_, isSecure) => {
    const rows = BROKEN.filter(([what, , , options]) => options !== SLOW && (!isSecure || ENDINGS.test(what)));
    test.concurrent.each(rows)("%s: counted as %j, and the run goes on", async (...[, cause, answer, options]) => {
      let count = 0;
      const answerTwice = (socket: Socket) => (count++ < 2 ? answer(socket) : void socket.write(NO_CONTENT));
      await using server = await rawServer(answerTwice, undefined, { isSecure });
      const report = await runHttp(server.url, { ...PATIENT, requests: 3, ...options });
      const { protocol, messages, connections, verdict } = report;
      expect(protocol).toMatchObject({ errors: 2, errorsBy: { [cause]: 2 }, status: { 204: 1 } });
      expect(messages).toMatchObject({ sent: 3, answered: 1, unanswered: 2, unexpected: 0, dropped: 0 });
      expectBalance(report);
      expect(connections.byCause).toEqual({ [`established ${cause}`]: 2 });
      expect(connections).toMatchObject({ opened: 3, reopened: 2, lost: 2 });
      expect(verdict).toMatchObject({ pass: false });
      expect(verdict.reason).toContain("errors=0");
      expect(server.seen).toEqual({ requests: 3, connections: 3 });
    });
  });

  test.concurrent.each(BROKEN.filter(([, , , options]) => options === SLOW))(
    "%s: counted as %j, within its time",
    async (...[, cause, answer, options]) => {
      await using server = await rawServer(answer);
      const report = await runHttp(server.url, { requests: 1, ...options });
      expect(report.protocol).toMatchObject({ errors: 1, errorsBy: { [cause]: 1 }, status: {} });
      expect(report.connections.byCause).toEqual({ [`established ${cause}`]: 1 });
      expectBalance(report);
    },
    ON_A_BUSY_MACHINE,
  );

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
