import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer as createTls } from "node:tls";
import { hasNginx, startNginx } from "../../app/admin/nginx-support.ts";
import { TLS } from "../../http/server/support.ts";
import { freePort } from "../../net/support.ts";
import { answerOk, frame, frameServer, numbers } from "./frame-server.ts";
import { expectBalance, rawServer, runHttp } from "./support.ts";

/** Node's own server. */
async function http2Server(
  answer: (stream: ServerHttp2Stream, index: number, session: ServerHttp2Session) => void,
  { isSecure = false, settings = {} } = {},
) {
  const seen = { requests: 0, connections: 0, most: 0 };
  const keys = { cert: readFileSync(TLS.cert), key: readFileSync(TLS.key) };
  const server: Http2Server = isSecure
    ? (createSecureServer({ ...keys, settings }) as never)
    : createServer({ settings });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    seen.connections += 1;
    sessions.add(session);
    let open = 0;
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
    session.on("stream", (stream: ServerHttp2Stream) => {
      open += 1;
      seen.most = Math.max(seen.most, open);
      stream.on("close", () => {
        open -= 1;
      });
      stream.on("error", () => {});
      answer(stream, seen.requests++, session);
    });
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    seen,
    url: `${isSecure ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const hello = (stream: ServerHttp2Stream) => {
  stream.respond({ ":status": 200 });
  stream.end("hello");
};

describe("over HTTP/2", () => {
  test.each([
    ["in the clear", false, 1],
    ["under TLS", true, 1],
    ["in the clear, ten streams a connection", false, 10],
  ])("%s: every request is answered, and counted as the server counts it", async (_, isSecure, pipeline) => {
    await using server = await http2Server(hello, { isSecure });
    const options = { http2: true, connections: 3, requests: 300, pipeline, verifyTls: false };
    const { protocol, messages, connections, latencyUs, verdict } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({
      version: "2",
      status: { 200: 300 },
      errors: 0,
      bodyBytes: 1500,
      perConnection: pipeline,
    });
    expect(messages).toMatchObject({ planned: 300, sent: 300, answered: 300, unanswered: 0, dropped: 0 });
    expect(connections).toMatchObject({ opened: 3, failed: 0, lost: 0 });
    expect([server.seen.requests, server.seen.connections]).toEqual([300, 3]);
    expect(server.seen.most).toBeLessThanOrEqual(pipeline);
    expect([latencyUs.message.count, latencyUs.firstByte.count]).toEqual([300, 300]);
    expect(verdict.pass).toBe(true);
  });

  test("answers that overtake each other have each its own latency", async () => {
    const times = [150, 0, 0, 0];
    await using server = await http2Server((stream, index) => void setTimeout(() => hello(stream), times[index % 4]));
    const { protocol, latencyUs } = await runHttp(server.url, { http2: true, requests: 4, pipeline: 4 });
    expect(protocol).toMatchObject({ status: { 200: 4 }, errors: 0 });
    // One in four is slow. Matched by order, all would be.
    expect(latencyUs.service.p50).toBeLessThan(120_000);
    expect(latencyUs.service.max).toBeGreaterThan(140_000);
  });

  test("requests beyond the streams that the server allows wait for one", async () => {
    const settings = { maxConcurrentStreams: 2 };
    await using server = await http2Server((stream) => void setTimeout(() => hello(stream), 10), { settings });
    const { protocol, messages } = await runHttp(server.url, { http2: true, requests: 40, pipeline: 20 });
    expect(protocol).toMatchObject({ status: { 200: 40 }, errors: 0 });
    expect(messages.answered).toBe(40);
  });

  test("bodies are sent and read whole, larger than the windows", async () => {
    let received = 0;
    await using server = await http2Server((stream) => {
      stream.on("data", (bytes: Buffer) => {
        received += bytes.length;
      });
      stream.on("end", () => {
        stream.respond({ ":status": 201 });
        stream.end(Buffer.alloc(300_000));
      });
    });
    const body = new Uint8Array(200_000);
    const { protocol } = await runHttp(server.url, { http2: true, requests: 6, pipeline: 3, body });
    expect(protocol).toMatchObject({ status: { 201: 6 }, errors: 0, bodyBytes: 1_800_000, method: "POST" });
    expect(received).toBe(1_200_000);
  });
});

describe("an HTTP/2 server that", () => {
  test("resets some streams fails these alone", async () => {
    await using server = await frameServer((socket, streamId, index) => {
      socket.write(index % 3 === 0 ? frame(3, 0, streamId, numbers(constants.NGHTTP2_CANCEL)) : answerOk(streamId));
    });
    const { protocol, messages, connections } = await runHttp(server.url, { http2: true, requests: 30, pipeline: 5 });
    const errorsBy = { "first byte reset the stream: CANCEL": 10 };
    expect(protocol).toMatchObject({ status: { 200: 20 }, errors: 10, errorsBy });
    expect(messages).toMatchObject({ sent: 30, answered: 20, unanswered: 10 });
    expect(connections).toMatchObject({ opened: 1, lost: 0 });
  });

  test("refuses some streams is asked for these again", async () => {
    const refused = constants.NGHTTP2_REFUSED_STREAM;
    await using server = await frameServer((socket, streamId, index) => {
      socket.write(index % 3 === 0 ? frame(3, 0, streamId, numbers(refused)) : answerOk(streamId));
    });
    const { protocol, messages, connections } = await runHttp(server.url, { http2: true, requests: 30, pipeline: 5 });
    expect(protocol).toMatchObject({ status: { 200: 30 }, errors: 0, resent: server.seen.requests - 30 });
    expect(protocol.resent).toBeGreaterThanOrEqual(10);
    expect(messages).toMatchObject({ planned: 30, sent: 30, answered: 30, unanswered: 0 });
    expect(connections).toMatchObject({ opened: 1, lost: 0 });
  });

  test("refuses every stream is asked four times for each, and then they are errors", async () => {
    await using server = await frameServer((socket, streamId) => {
      socket.write(frame(3, 0, streamId, numbers(constants.NGHTTP2_REFUSED_STREAM)));
    });
    const { protocol, messages } = await runHttp(server.url, { http2: true, requests: 10, pipeline: 2 });
    expect(protocol).toMatchObject({ errorsBy: { "first byte reset the stream: REFUSED_STREAM": 10 }, resent: 30 });
    expect(messages).toMatchObject({ sent: 10, unanswered: 10 });
    expect(server.seen.requests).toBe(40);
  });

  test.each([
    ["one connection", { connections: 1 }],
    ["several, of which others are free", { connections: 4 }],
  ])("leaves by GOAWAY is asked again for what it did not look at, with %s", async (_, options) => {
    await using server = await frameServer((socket, streamId, index) => {
      socket.write(answerOk(streamId));
      // Not at the end, when no connection is opened any more.
      if (index % 10 === 9 && index < 70) socket.write(frame(7, 0, 0, numbers(streamId, 0)));
    });
    const plan = { http2: true, requests: 100, pipeline: 3, ...options };
    const { protocol, messages, connections, latencyUs } = await runHttp(server.url, plan);
    expect(protocol).toMatchObject({ errors: 0, status: { 200: messages.planned } });
    expect(messages).toMatchObject({ sent: messages.planned, answered: messages.planned, unanswered: 0 });
    expect([latencyUs.message.count, latencyUs.service.count]).toEqual([messages.planned, messages.planned]);
    expect(connections.lost).toBe(0);
    expect(connections.reopened).toBeGreaterThan(2);
  });

  test("leaves by GOAWAY is asked again for the same, where requests differ", async () => {
    await using server = await frameServer((socket, streamId, index) => {
      socket.write(answerOk(streamId));
      if (index % 10 === 9 && index < 70) socket.write(frame(7, 0, 0, numbers(streamId, 0)));
    });
    const urls = ["a", "b", "c"].map((path) => ({ url: `${server.url}${path}` }));
    const { protocol } = await runHttp(server.url, { http2: true, requests: 100, pipeline: 4, urls });
    expect(protocol).toMatchObject({ errors: 0, status: { 200: 100 } });
    for (const { sent, status } of protocol.requests!) expect(status).toEqual({ 200: sent });
  });

  test("leaves by GOAWAY lets the planned moment stand: the wait for another connection counts", async () => {
    await using server = await frameServer((socket, streamId, index) => {
      if (index > 0) socket.write(answerOk(streamId));
      else setTimeout(() => socket.end(frame(7, 0, 0, numbers(0, 0))), 200);
    });
    const plan = { http2: true, connections: 1, totalRate: 5, durationMs: 2000 };
    const { protocol, messages, latencyUs } = await runHttp(server.url, plan);
    expect(protocol).toMatchObject({ status: { 200: messages.sent }, errors: 0, resent: 1 });
    expect(latencyUs.message.max).toBeGreaterThanOrEqual(195_000);
    expect(latencyUs.send.max).toBeLessThan(latencyUs.message.max);
  });

  test("is gone when a request is to be sent again leaves an error", async () => {
    await using server = await frameServer((socket) => {
      server.stopListening();
      socket.end(frame(7, 0, 0, numbers(0, 0)));
    });
    const plan = { http2: true, connections: 1, timeoutMs: 300, durationMs: 300 };
    const report = await runHttp(server.url, plan);
    expect(report.protocol.errorsBy).toEqual({ "first byte takes no more requests: NO_ERROR": 1 });
    expect(report.messages).toMatchObject({ sent: 1, unanswered: 1, answered: 0 });
    expectBalance(report);
  });

  test("leaves by GOAWAY behind an answer loses no connection", async () => {
    await using server = await frameServer((socket, streamId, index) => {
      socket.write(
        Buffer.concat([answerOk(streamId), ...(index % 10 === 9 ? [frame(7, 0, 0, numbers(streamId, 0))] : [])]),
      );
    });
    const { protocol, connections } = await runHttp(server.url, { http2: true, requests: 100, connections: 2 });
    // A request may cross the GOAWAY on its way, as the server cannot know that it comes.
    expect(protocol.errors + (protocol.status["200"] ?? 0)).toBe(100);
    expect(connections.lost).toBe(0);
  });

  test.each([
    ["DATA before HEADERS", (streamId: number) => frame(0, 1, streamId, "x"), "content before its head"],
    [
      "content of a wrong length",
      (streamId: number) =>
        Buffer.concat([
          frame(1, 4, streamId, new Uint8Array([0x88, 0x0f, 0x0d, 1, 0x39])),
          frame(0, 1, streamId, "ok"),
        ]),
      "content of a wrong length",
    ],
    ["PUSH_PROMISE", (streamId: number) => frame(5, 4, streamId, numbers(2)), "PUSH_PROMISE"],
    [
      "a bad field block",
      (streamId: number) => frame(1, 5, streamId, new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff])),
      "a field block that cannot be decoded",
    ],
    [
      "a frame that is too long",
      (streamId: number) => frame(0, 0, streamId, new Uint8Array(20_000)),
      "a frame of 20000 bytes",
    ],
    [
      "a stream that nobody opened",
      () => frame(1, 5, 9999, new Uint8Array([0x88])),
      "HEADERS on a stream that was not opened",
    ],
    [
      "pings without end",
      () => Buffer.concat(Array.from({ length: 1000 }, () => frame(6, 0, 0, numbers(1, 2)))),
      "too many PING",
    ],
    [
      "CONTINUATION without end",
      (streamId: number) =>
        Buffer.concat([frame(1, 1, streamId), ...Array.from({ length: 100 }, () => frame(9, 0, streamId, "x"))]),
      "too many CONTINUATION frames",
    ],
  ])("sends %s: each request fails with the cause", async (_, answer, cause) => {
    await using server = await frameServer((socket, streamId) => void socket.write(answer(streamId)));
    const { protocol, messages } = await runHttp(server.url, { http2: true, requests: 3, timeoutMs: 3000 });
    expect(protocol).toMatchObject({ status: {}, errors: 3 });
    for (const each of Object.keys(protocol.errorsBy)) expect(each).toContain(cause);
    expect(messages).toMatchObject({ sent: 3, answered: 0, unanswered: 3 });
  });

  test("never answers some streams fails these by their time", async () => {
    await using server = await http2Server((stream, index) => {
      if (index < 3) return;
      hello(stream);
    });
    const { protocol, connections } = await runHttp(server.url, {
      http2: true,
      requests: 20,
      pipeline: 5,
      timeoutMs: 200,
    });
    expect(protocol).toMatchObject({ status: { 200: 17 }, errors: 3, errorsBy: { "first byte timeout": 3 } });
    expect(connections).toMatchObject({ opened: 1, lost: 0 });
  });

  test("breaks its connection fails the requests on it, and the run goes on", async () => {
    await using server = await frameServer((socket, streamId, index) => {
      if (index === 5) socket.resetAndDestroy();
      else socket.write(answerOk(streamId));
    });
    const { protocol, messages, connections } = await runHttp(server.url, { http2: true, requests: 20, pipeline: 2 });
    expect(protocol.errors).toBeGreaterThanOrEqual(1);
    expect(protocol.errors + (protocol.status["200"] ?? 0)).toBe(20);
    expect(messages).toMatchObject({ sent: 20, unanswered: protocol.errors });
    expect(connections).toMatchObject({ lost: 1, reopened: 1, byCause: { "established reset": 1 } });
  });

  test("speaks HTTP/1.1 fails each request with the rule that it breaks", async () => {
    await using server = await rawServer(
      (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    );
    const { protocol, messages } = await runHttp(server.url, { http2: true, requests: 2, timeoutMs: 2000 });
    expect([protocol.status, protocol.errors, messages.unanswered]).toEqual([{}, 2, 2]);
  });

  test("does not agree on HTTP/2 is a connection that failed, with the cause", async () => {
    const keys = { cert: readFileSync(TLS.cert), key: readFileSync(TLS.key), ALPNProtocols: ["http/1.1"] };
    const server = createTls(keys, (socket) => void socket.on("error", () => {}));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { connections, endedBy } = await runHttp(url, { http2: true, connections: 2, verifyTls: false });
    server.close();
    expect(connections.byCause).toEqual({ "TLS: the server does not agree on HTTP/2 (ALPN)": 2 });
    expect([connections.opened, endedBy]).toEqual([0, "no-connections"]);
  });
});

describe("against nginx over HTTP/2", () => {
  if (!hasNginx()) return;

  test.each([1, 8])("its limit of requests ends connections and loses none: %d streams at a time", async (pipeline) => {
    const port = await freePort();
    await using _ = await startNginx(
      `listen 127.0.0.1:${port} http2; keepalive_requests 50; location / { return 200 "hello"; }`,
    );
    const url = `http://127.0.0.1:${port}/`;
    const { protocol, connections } = await runHttp(url, { http2: true, connections: 2, requests: 1000, pipeline });
    expect(protocol.errors + (protocol.status["200"] ?? 0)).toBe(1000);
    if (pipeline === 1) expect(protocol.errors).toBe(0);
    expect(connections).toMatchObject({ failed: 0, lost: 0 });
    expect(connections.reopened).toBeGreaterThanOrEqual(10);
  });
});
