import { afterEach, expect, test } from "bun:test";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { greet } from "../../../src/probe/discover/greeting.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function greeted(server: Server) {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return greet("127.0.0.1", (server.address() as AddressInfo).port);
}

test("a web server at any port is named by its page, though it refuses the question before", async () => {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("<title>Gitea: Git with a cup of tea</title>");
  });
  expect(await greeted(server)).toEqual({ scheme: "http", name: "gitea" });
  expect(asked).toEqual(["GET /"]);
});

test("a server that speaks first is asked nothing", async () => {
  let bytes = 0;
  const server = createServer((socket) => {
    socket.on("data", (part) => (bytes += part.length)).on("error", () => {});
    socket.write("220 box ESMTP\r\n");
  });
  expect(await greeted(server)).toEqual({ scheme: "smtp", name: "mail" });
  expect(bytes).toBe(0);
});

test("a server that closes every connection is not understood", async () => {
  expect(await greeted(createServer((socket) => socket.destroy()))).toBeUndefined();
});
