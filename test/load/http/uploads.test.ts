import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { planHttp } from "../../../src/load/mod.ts";
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
    requestBytes = planHttp({ ...options, url: server.url }).request.length;
    const { protocol, messages, connections } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({ status: { 200: 12 }, errors: 0 });
    expect(messages).toMatchObject({ planned: 12, sent: 12, answered: 12, unanswered: 0, dropped: 0 });
    expect(connections).toMatchObject({ opened: 1, lost: 0 });
  });
});
