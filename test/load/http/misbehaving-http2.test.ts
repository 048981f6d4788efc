/** HTTP/2 servers that break their rules, one row each: what is counted, of which request and connection. */
import { describe, expect, test } from "bun:test";
import type { HttpOptions } from "../../../src/load/mod.ts";
import { ENDINGS, ON_A_BUSY_MACHINE } from "./broken-answers.ts";
import { BROKEN_FRAMES, CODES } from "./broken-frames.ts";
import { answerOk, frame, frameServer, numbers } from "./frame-server.ts";
import { expectBalance, PATIENT, runHttp } from "./support.ts";

const isSlow = (options: Partial<HttpOptions> | undefined) => options?.timeoutMs !== undefined;

/** `:status: 204`, which answers any method. */
const noContent = (streamId: number) => frame(1, 5, streamId, new Uint8Array([0x89]));

describe.each([
  ["in the clear", false],
  ["under TLS", true],
])("an HTTP/2 server %s that", (_, isSecure) => {
  const rows = BROKEN_FRAMES.filter(([what, , , , options]) => !isSlow(options) && (!isSecure || ENDINGS.test(what)));
  test.concurrent.each(rows)("%s: counted as %j", async (...[, error, lost, answer, options]) => {
    let count = 0;
    await using server = await frameServer(
      (socket, streamId) => (count++ < 2 ? answer(socket, streamId) : void socket.write(noContent(streamId))),
      { isSecure },
    );
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 3, ...options });
    const { protocol, messages, connections } = report;
    expect(protocol).toMatchObject({ errors: 2, errorsBy: { [error]: 2 }, status: { 204: 1 } });
    expect(messages).toMatchObject({ sent: 3, answered: 1, unanswered: 2, unexpected: 0, dropped: 0 });
    expectBalance(report);
    expect(connections.byCause).toEqual(lost === undefined ? {} : { [`established ${lost}`]: 2 });
    expect([connections.lost, connections.opened]).toEqual(lost === undefined ? [0, 1] : [2, 3]);
    expect(server.seen).toEqual({ requests: 3, connections: connections.opened });
  });
});

describe("an HTTP/2 server", () => {
  test.concurrent.each(BROKEN_FRAMES.filter(([, , , , options]) => isSlow(options)))(
    "that %s: counted as %j, within its time",
    async (...[, error, lost, answer, options]) => {
      await using server = await frameServer(answer);
      // The run ends with its request, and says of the connection only what came before.
      const report = await runHttp(server.url, { http2: true, requests: 1, ...options });
      expect(report.protocol).toMatchObject({ errors: 1, errorsBy: { [error]: 1 }, status: {} });
      expect(report.connections.byCause).toEqual(lost === undefined ? {} : { [`established ${lost}`]: 1 });
      expectBalance(report);
    },
    ON_A_BUSY_MACHINE,
  );

  test.concurrent.each(CODES)(
    "that leaves with %s behind an answer loses its connection if that is an error",
    async (name, code) => {
      await using server = await frameServer(
        (socket, streamId) =>
          void socket.write(Buffer.concat([frame(7, 0, 0, numbers(streamId, code)), answerOk(streamId)])),
      );
      const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 3 });
      expect(report.protocol).toMatchObject({ status: { 200: 3 }, errors: 0 });
      expectBalance(report);
      expect(report.connections.byCause).toEqual(code === 0 ? {} : { [`established GOAWAY ${name}`]: 3 });
    },
  );

  const twice = (make: (id: number) => Uint8Array) => (id: number) => Buffer.concat([make(id), make(id)]);
  test.each([
    [
      "increments of nothing without end",
      (id: number) => Buffer.concat(new Array<Uint8Array>(2000).fill(frame(8, 0, id, numbers(0)))),
      "too many small WINDOW_UPDATE",
    ],
    ["a second answer", twice(answerOk), "HEADERS on a closed stream"],
    [
      "content behind the end",
      (id: number) => Buffer.concat([answerOk(id), frame(0, 0, id, "x")]),
      "DATA on a closed stream",
    ],
    [
      "content behind its reset",
      (id: number) => Buffer.concat([frame(3, 0, id, numbers(0)), frame(0, 0, id, "x")]),
      "DATA on a closed stream",
    ],
  ])("whose stream has %s loses the connection, with what is under way on it", async (_, answer, rule) => {
    await using server = await frameServer((socket, streamId) => void socket.write(answer(streamId)));
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 6 });
    const { protocol, connections } = report;
    expectBalance(report);
    // The next request left when the first answer was there.
    expect(protocol.errorsBy[`first byte ${rule}`]).toBe(3);
    expect(connections.byCause).toEqual({ [`established ${rule}`]: 3 });
  });

  test.each([
    ["unknown frames", (id: number) => frame(0xfa, 0xff, id, "abc")],
    ["answers to PING", () => frame(6, 1, 0, numbers(1, 2))],
    ["small increments", () => frame(8, 0, 0, numbers(1))],
    ["priorities", (id: number) => frame(2, 0, id, new Uint8Array(5))],
    [
      "content beyond its window",
      (id: number) => Buffer.concat([frame(1, 4, id, new Uint8Array([0x88])), frame(0, 0, id, new Uint8Array(16_000))]),
    ],
  ])("may send many %s: the answer behind them counts", async (_, make) => {
    await using server = await frameServer((socket, streamId) => {
      const [first, ...rest] = [make(streamId), ...new Array<Uint8Array>(1999).fill(make(streamId).subarray(-16_009))];
      const isContent = first!.length > 100;
      socket.write(Buffer.concat([first!, ...rest]));
      socket.write(isContent ? frame(0, 1, streamId) : answerOk(streamId));
    });
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 2, timeoutMs: 20_000 });
    expect(report.protocol).toMatchObject({ status: { 200: 2 }, errors: 0 });
    expect(report.connections.lost).toBe(0);
    expectBalance(report);
  });

  test("that chooses another error code each time has no more causes than a report shows", async () => {
    await using server = await frameServer(
      (socket, streamId, index) => void socket.write(frame(3, 0, streamId, numbers(index + 100))),
    );
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 300, pipeline: 4 });
    expectBalance(report);
    expect(Object.keys(report.protocol.errorsBy)).toHaveLength(101);
    expect(report.protocol.errorsBy["other causes"]).toBe(200);
  });

  test("that leaves with another error code each time has no more causes of loss than a report shows", async () => {
    await using server = await frameServer(
      (socket, streamId, index) =>
        void socket.write(Buffer.concat([answerOk(streamId), frame(7, 0, 0, numbers(streamId, index + 100))])),
    );
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 130, connections: 8 });
    expectBalance(report);
    expect(Object.keys(report.connections.byCause).length).toBeLessThanOrEqual(101);
    expect(report.connections.byCause["other causes"]).toBeGreaterThan(0);
  });

  test("that breaks a rule fails also what waits for a stream of its connection", async () => {
    const greeting = frame(4, 0, 0, new Uint8Array([0, 3, 0, 0, 0, 1]));
    await using server = await frameServer((socket) => void socket.write(frame(6, 0, 0, new Uint8Array(7))), {
      greeting,
    });
    const report = await runHttp(server.url, { ...PATIENT, http2: true, requests: 9, pipeline: 3 });
    expect(report.protocol).toMatchObject({ errors: 9, errorsBy: { "first byte PING of a wrong length": 9 } });
    expectBalance(report);
  });

  test("that allows no stream makes requests late, and keeps its connection", async () => {
    const greeting = frame(4, 0, 0, new Uint8Array([0, 3, 0, 0, 0, 0]));
    await using server = await frameServer(() => {}, { greeting });
    const report = await runHttp(server.url, { ...PATIENT, http2: true, durationMs: 300, timeoutMs: 100, pipeline: 3 });
    expectBalance(report);
    expect(Object.keys(report.protocol.errorsBy)).toEqual(["first byte timeout"]);
    expect(report.connections).toMatchObject({ opened: 1, lost: 0 });
  });
});
