import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { planHttp } from "../../../src/load/mod.ts";
import { frameServer } from "./frame-server.ts";
import { runHttp } from "./support.ts";

/** Each is more than sockets hold. */
const BODY = new Uint8Array(6 * 1024 * 1024);
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers each request of so many bytes when it has all of it. */
async function uploadServer(requestBytes: () => number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let unanswered = 0;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", ({ length }) => {
      unanswered += length;
      for (; unanswered >= requestBytes(); unanswered -= requestBytes()) socket.write(OK);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("large bodies", () => {
  test("that are pipelined are answered one after the other, while later ones are still being sent", async () => {
    let requestBytes = 0;
    await using server = await uploadServer(() => requestBytes);
    const options = { body: BODY, pipeline: 4, requests: 12, timeoutMs: 60_000 };
    requestBytes = planHttp({ ...options, url: server.url }).traffic.lengthBytes ?? 0;
    const { protocol, messages, connections } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({ status: { 200: 12 }, errors: 0 });
    expect(messages).toMatchObject({ planned: 12, sent: 12, answered: 12, unanswered: 0, dropped: 0 });
    expect(connections).toMatchObject({ opened: 1, lost: 0 });
  });

  test("that an HTTP/2 server takes nothing of make requests late, and are waited for in a bounded time", async () => {
    await using server = await frameServer(() => {});
    const options = { http2: true, body: BODY, pipeline: 4, durationMs: 300, timeoutMs: 200 };
    const { protocol, messages } = await runHttp(server.url, options);
    expect(Object.keys(protocol.errorsBy)).toEqual(["first byte timeout"]);
    expect(messages).toMatchObject({ answered: 0, unanswered: messages.planned, dropped: 0 });
    expect(protocol.errors).toBe(messages.planned);
  });

  test.each([
    ["so many fields", { headers: Array.from({ length: 251 }, (_, at) => [`x-${at}`, "a"] as const) }],
    ["so long bodies", { body: BODY, pipeline: 200 }],
  ])("and %s as HTTP/2 cannot send are refused before the run", (_, options) => {
    expect(() => planHttp({ url: "http://127.0.0.1/", http2: true, ...options })).toThrow("too");
  });
});
