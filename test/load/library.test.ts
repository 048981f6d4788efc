import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Handler, type LoadSnapshot, listen, load } from "../../src/mod.ts";
import { bunServer } from "./websocket/support.ts";

/** A server that remembers its requests, and answers each with `text`. */
async function server(text: string) {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    requests.push({ request, body });
    response.end(text);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  return { url, requests, [Symbol.dispose]: () => void http.close() };
}

/** A TCP server that remembers what comes. */
async function tcpServer(handler: (bytes: Uint8Array) => Uint8Array | string) {
  const seen: string[] = [];
  const chunk: Handler["chunk"] = (connection, bytes) => {
    seen.push(Buffer.from(bytes).toString());
    connection.write(handler(bytes));
  };
  const running = await listen({ host: "127.0.0.1", port: 0 }, { chunk });
  return { port: running.port, seen, [Symbol.asyncDispose]: () => running.stop({ graceMs: 0 }).then(() => {}) };
}

describe("load.http", () => {
  test("sends what the options say, and has passed where every expectation held", async () => {
    using target = await server("hello");
    const snapshots: number[] = [];
    const report = await load.http({
      url: `${target.url}a`,
      connections: 1,
      requests: 3,
      headers: { "x-one": "1", "x-two": ["2", "3"] },
      body: "grüße",
      expectBody: "ell",
      expectations: ["2xx=3", "wrongbody=0", "lost=0"],
      onSnapshot: ({ messages }) => snapshots.push(messages.sent),
    });
    expect([report.verdict.reason, report.passed]).toEqual([expect.stringContaining("every expectation held"), true]);
    expect(report.protocol).toMatchObject({ method: "POST", status: { 200: 3 }, wrongBody: 0 });
    expect(target.requests.map(({ body }) => body)).toEqual(["grüße", "grüße", "grüße"]);
    expect(target.requests[0]?.request.url).toBe("/a");
    expect(target.requests[0]?.request.headers).toMatchObject({ "x-one": "1", "x-two": "2, 3" });
    expect(snapshots.at(-1)).toBe(3);
  });

  test("has not passed where one broke, and says which", async () => {
    using target = await server("hello");
    let wrong = 0;
    const onSnapshot = ({ protocol }: LoadSnapshot) => {
      wrong = protocol?.wrong ?? 0;
    };
    const report = await load.http({ url: target.url, requests: 2, expectBody: "bye", connections: 1, onSnapshot });
    expect(wrong).toBe(2);
    expect([report.passed, report.verdict.reason]).toEqual([false, expect.stringContaining("wrongbody=0")]);
  });

  test("counts a server that is not there, and throws nothing", async () => {
    const gone = await server("");
    gone[Symbol.dispose]();
    const { url } = gone;
    const { passed, connections } = await load.http({ url, durationMs: 50, connections: 2 });
    expect([passed, connections.failed > 0]).toEqual([false, true]);
  });

  test("ends early by its signal, which is no pass", async () => {
    using target = await server("hello");
    const stop = new AbortController();
    const running = load.http({
      url: target.url,
      durationMs: Number.POSITIVE_INFINITY,
      totalRate: 100,
      signal: stop.signal,
      onSnapshot: ({ messages }) => messages.sent > 0 && stop.abort(),
    });
    expect(await running).toMatchObject({ endedBy: "stopped" });
  });

  test("takes an undefined option for one that is left out", async () => {
    using target = await server("hello");
    const options = { method: undefined, connections: undefined, headers: undefined, signal: undefined };
    const report = await load.http({ url: target.url, requests: 1, ...(options as object) });
    expect(report.plan.connections).toBe(10);
  });

  test.each([
    ["a rate of nothing", { url: "http://127.0.0.1:9/", totalRate: 0 }, "usage"],
    ["a URL of another kind", { url: "ftp://127.0.0.1/" }, "usage"],
    ["an unknown expectation", { url: "http://127.0.0.1:9/", expectations: ["speed>1"] }, "usage"],
    ["more connections than this machine has", { url: "http://127.0.0.1:9/", connections: 10_000_000 }, "unsupported"],
  ])("refuses %s", async (_, options, code) => {
    expect(
      await load.http(options).then(
        () => undefined,
        ({ code }) => code,
      ),
    ).toBe(code);
  });
});

describe("load.tcp", () => {
  test.each([
    ["any chunk", "ping", "chunk", "pong"],
    ["a length", "ping", { bytes: 4 }, "pong"],
    ["an end", "ping", { end: "\n" }, "pong\n"],
    ["a marker", "ping", { marker: new TextEncoder().encode("on") }, "pong"],
  ] as const)("tells replies apart by %s", async (_, message, reply, answer) => {
    await using target = await tcpServer(() => answer);
    const options = { port: target.port, message, reply, totalRate: 50, durationMs: 100, pipeline: 1 };
    const { messages, verdict } = await load.tcp({ ...options, expectations: ["answered>=1", "unexpected=0"] });
    expect(verdict.checks.map(({ pass }) => pass)).toEqual([true, true]);
    expect(messages.answersTold).toBe(true);
  });

  test("sends bytes as they are, text with its expressions, and a first message once", async () => {
    await using target = await tcpServer((bytes) => bytes);
    const common = { port: target.port, totalRate: 20, durationMs: 100 };
    await load.tcp({ ...common, firstMessage: "first;", message: new TextEncoder().encode("\\{bytes};") });
    // Sending begins with the first connection, so that there may be one more.
    expect(target.seen.join("")).toMatch(/^first;(\\\{bytes\};){2,}$/);
    target.seen.length = 0;
    await load.tcp({ ...common, message: "\\{connection.uid};" });
    expect(target.seen.join("")).toMatch(/^(0;){2,}$/);
  });
});

describe("load.ws", () => {
  test("sends messages, finds their answers, and has passed where every expectation held", async () => {
    await using target = bunServer();
    const report = await load.ws({
      url: target.url,
      connections: 2,
      ratePerConnection: 50,
      durationMs: 200,
      message: "user \\{connection.uid}",
      answers: { marker: "user" },
      headers: { origin: "http://a.example" },
      expectations: ["connections=2", "lost=0", "unanswered+unexpected=0"],
    });
    expect([report.passed, report.messages.answered]).toEqual([true, report.messages.sent]);
    expect(report.protocol).toMatchObject({ kind: "ws", closes: { 1000: 2 }, errors: 0 });
    expect(target.seen.messages).toBe(report.messages.sent);
  });

  test("throws for what cannot work", async () => {
    expect(load.ws({ url: "http://127.0.0.1:1/" })).rejects.toThrow("is not the URL of a WebSocket");
  });
});
