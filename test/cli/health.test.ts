import { expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:net";
import { tenk } from "./tenk.ts";

/** A server that answers anything by a text, and then ends the connection. */
async function answering(text: string): Promise<Disposable & { url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(text));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/healthz`, [Symbol.dispose]: () => void server.close() };
}

test.each([
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 0, ""],
  ["HTTP/1.1 503 Service Unavailable\r\n\r\n", 1, "answered 503"],
  ["SSH-2.0-OpenSSH\r\n", 1, "without an answer"],
  ["x".repeat(5000), 1, "not HTTP"],
  ["", 1, "without an answer"],
])("an answer %j is exit code %i", async (text, expected, said) => {
  using server = await answering(text);
  const { code, stderr } = await tenk(["health", server.url]);
  expect([code, stderr.includes(said)]).toEqual([expected, true]);
});

test.each([
  [["http://127.0.0.1:1/"], 1, "cannot be reached: ECONNREFUSED"],
  [["https://127.0.0.1/"], 2, "expected one URL"],
  [["nonsense"], 2, "expected one URL"],
  [["http://127.0.0.1:1/", "more"], 2, "expected one URL"],
])("tenk health %j is exit code %i", async (words, expected, said) => {
  const { code, stderr } = await tenk(["health", ...words]);
  expect([code, stderr.includes(said)]).toEqual([expected, true]);
});

test("its help has examples", async () => {
  expect((await tenk(["health", "--help"])).stdout).toContain("tenk health http://127.0.0.1:9191/readyz");
});
