import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TLS } from "../../http/server/support.ts";
import { bunServer, messages, runWebSocket } from "./support.ts";

const ECHO = { kind: "order" } as const;
const keys = () => ({ cert: readFileSync(TLS.cert, "utf8"), key: readFileSync(TLS.key, "utf8") });

describe("against Bun's own server", () => {
  test("every message is answered, counted as the server counts it, and the closing handshake completes", async () => {
    await using server = bunServer();
    const options = { connections: 4, ratePerConnection: 100, messages: messages("hello"), answers: ECHO };
    const { protocol, messages: counted, connections, latencyUs, verdict } = await runWebSocket(server.url, options);
    expect(counted).toMatchObject({ unanswered: 0, unexpected: 0, dropped: 0 });
    expect([counted.sent, counted.answered, protocol.messages]).toEqual(Array(3).fill(server.seen.messages));
    expect(server.seen.bytes).toBe(5 * counted.sent);
    expect(connections).toMatchObject({ opened: 4, failed: 0, lost: 0 });
    expect(protocol).toMatchObject({ closes: { 1000: 4 }, errors: 0, subprotocols: { "": 4 } });
    expect(server.seen.closes.get(1000)).toBe(4);
    for (const name of ["message", "service", "send"] as const) expect(latencyUs[name].count).toBe(counted.sent);
    expect(Object.keys(protocol.latencyUs)).toEqual(["tcp", "upgrade"]);
    expect(verdict.pass).toBe(true);
  });

  test("under TLS a certificate is verified, unless it is not to be", async () => {
    await using server = bunServer(undefined, keys());
    const options = { connections: 2, ratePerConnection: 50, messages: messages("hello"), answers: ECHO };
    const refused = await runWebSocket(server.url, options);
    expect(Object.keys(refused.connections.byCause)).toEqual([expect.stringContaining("TLS handshake failed: ")]);
    const { protocol, verdict } = await runWebSocket(server.url, { ...options, verifyTls: false });
    expect(verdict.pass).toBe(true);
    expect(Object.keys(protocol.latencyUs)).toEqual(["tcp", "tls", "upgrade"]);
  });

  test.each([
    ["constant", "hello"],
    ["of its connection", "user \\{connection.uid}"],
    ["random", "\\{re [a-z]{300}}"],
    ["longer than 64 KiB", "x".repeat(70_000)],
    ["empty", ""],
  ])("fragmented, binary or neither, a message that is %s comes back", async (_, content) => {
    await using server = bunServer();
    for (const framing of [{}, { binary: true }, { fragmentBytes: 100 }, { fragmentBytes: 1, binary: true }]) {
      if (content.length > 1000 && framing.fragmentBytes === 1) continue;
      const options = { ratePerConnection: 50, durationMs: 60, messages: messages(content), answers: ECHO };
      const { verdict, protocol, messages: counted } = await runWebSocket(server.url, { ...options, ...framing });
      expect([framing, verdict.pass]).toEqual([framing, true]);
      expect(protocol.messages).toBe(counted.sent);
    }
  });

  test("without a rate the next message leaves when the answer has come", async () => {
    await using server = bunServer();
    const options = { connections: 3, pipeline: 2, messages: messages("hello"), answers: ECHO };
    const { messages: counted, verdict } = await runWebSocket(server.url, options);
    expect(verdict.pass).toBe(true);
    expect(counted.sent).toBeGreaterThan(30);
    expect([counted.answered, counted.unanswered]).toEqual([counted.sent, 0]);
  });

  test("with --wait-reply and a rate a message waits for the answer to the one before", async () => {
    await using server = bunServer();
    const options = { ratePerConnection: 200, pipeline: 1, messages: messages("hello"), answers: ECHO };
    const { messages: counted, verdict } = await runWebSocket(server.url, options);
    expect([counted.answered, verdict.pass]).toEqual([counted.sent, true]);
  });

  test("without answers that are told apart, what comes back is counted", async () => {
    await using server = bunServer((message) => [message, message]);
    const options = { ratePerConnection: 100, messages: messages("hello") };
    const { messages: counted, protocol, latencyUs } = await runWebSocket(server.url, options);
    expect(counted).toMatchObject({ answersTold: false, received: 2 * counted.sent, unexpected: 0, answered: 0 });
    expect([protocol.messages, latencyUs.message.count]).toEqual([2 * counted.sent, 0]);
  });

  test("messages that nobody asked for are unexpected", async () => {
    await using server = bunServer((message) => [message, "news"]);
    const options = { ratePerConnection: 100, messages: messages("hello"), answers: ECHO };
    const { messages: counted, verdict } = await runWebSocket(server.url, { ...options, pipeline: 1 });
    expect(counted.unexpected).toBeGreaterThan(0);
    expect(verdict).toMatchObject({ pass: false, reason: expect.stringContaining("messages of its own") });
  });

  test.each([
    ["a text", { answers: { kind: "marker", text: Buffer.from("pong") } }, "ping", (): string[] => ["news", "pong!"]],
    [
      "a text that is fragmented when it is sent",
      { answers: { kind: "marker", text: Buffer.from("pong") }, fragmentBytes: 1 },
      "pong",
      (it: string | Buffer) => [it],
    ],
    ["the message's own marker", {}, "\\{message.marker}", (it: string | Buffer) => ["news", it]],
  ] as const)("answers are found by %s", async (_, options, content, reply) => {
    await using server = bunServer(reply as (message: string | Buffer) => (string | Buffer)[]);
    const report = await runWebSocket(server.url, { ratePerConnection: 100, messages: messages(content), ...options });
    const { sent } = report.messages;
    expect(report.messages).toMatchObject({ answersTold: true, answered: sent, unanswered: 0, unexpected: 0 });
    expect(report.latencyUs.message.count).toBe(sent);
  });

  test("pings are answered and timed, and a stop text ends the run", async () => {
    await using server = bunServer((message) => [message, "STOP"]);
    const options = { durationMs: 30_000, delaySendMs: 300, ratePerConnection: 10, messages: messages("hello") };
    const stopped = { ...options, messageStop: Buffer.from("STOP"), pingsPerSecond: 100, connections: 2 };
    const { protocol, endedBy } = await runWebSocket(server.url, stopped);
    expect(endedBy).toBe("message-stop");
    expect(protocol.pings.sent).toBeGreaterThan(10);
    expect(protocol.pings).toMatchObject({ answered: protocol.pings.sent, unexpectedPongs: 0 });
    expect(protocol.latencyUs.ping?.count).toBe(protocol.pings.answered);
  });

  test("several event loops share connections and counts", async () => {
    await using server = bunServer();
    const options = { connections: 5, workers: 2, ratePerConnection: 100, messages: messages("hello"), answers: ECHO };
    const { protocol, messages: counted, verdict } = await runWebSocket(server.url, options);
    expect([verdict.pass, protocol.messages]).toEqual([true, counted.sent]);
    expect(protocol.closes).toEqual({ 1000: 5 });
    expect(server.seen.messages).toBe(counted.sent);
  });

  test("a connection whose lifetime is over is closed when its answers have come, and opened again", async () => {
    await using server = bunServer();
    const options = { ratePerConnection: 50, messages: messages("hello"), answers: ECHO, channelLifetimeMs: 100 };
    const { connections, messages: counted, verdict } = await runWebSocket(server.url, { ...options, durationMs: 500 });
    expect(connections.reopened).toBeGreaterThan(1);
    expect(connections.lost).toBe(0);
    expect([counted.unanswered, counted.unexpected, verdict.pass]).toEqual([0, 0, true]);
  });

  test("a subprotocol is agreed on, and a server that has gone says so", async () => {
    await using server = bunServer();
    const { protocol } = await runWebSocket(server.url, { subprotocols: ["mqtt", "stomp"] });
    expect(protocol.subprotocols).toEqual({ mqtt: 1 });
    expect([...server.seen.protocols]).toEqual(["mqtt, stomp"]);
    const { connections } = await runWebSocket(`${server.url}gone`);
    expect(connections.byCause).toEqual({ "opening handshake: status 410": 1 });
  });

  test("frames made by hand arrive as they are written", async () => {
    await using server = bunServer();
    const parts = messages('\\{ws.ping "a"}\\{ws.text "he" ...}\\{ws.pong}\\{ws.continuation "llo"}', "b");
    const options = { ratePerConnection: 50, messages: parts, answers: ECHO };
    const { protocol, messages: counted, verdict } = await runWebSocket(server.url, options);
    expect(verdict.pass).toBe(true);
    expect([protocol.messages, protocol.contentBytes]).toEqual([2 * counted.sent, 6 * counted.sent]);
    // Pongs to pings that the message itself sends.
    expect(protocol.pings.unexpectedPongs).toBe(counted.sent);
    expect(server.seen.messages).toBe(2 * counted.sent);
  });
});
