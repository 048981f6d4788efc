import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { connectTo } from "../../../src/load/http/connect-to.ts";
import { planHttp } from "../../../src/load/mod.ts";
import { runHttp } from "./support.ts";

const URL_ORIGIN = { host: "a.example", port: 443 };

test.each([
  [[], "a.example", 443],
  [["a.example:443:b.example:8443"], "b.example", 8443],
  [["A.Example:443:127.0.0.1:1"], "127.0.0.1", 1],
  [["::b.example:"], "b.example", 443],
  [["a.example:::8443"], "a.example", 8443],
  [[":443:[::1]:8443"], "::1", 8443],
  [["other:443:c:1", "a.example::d:2", "::e:3"], "d", 2],
] as [string[], string, number][])("%p connects to %s, port %p", (rules, host, port) => {
  expect(connectTo(rules, URL_ORIGIN)).toEqual({ host, port });
});

test.each([
  ["b.example:8443", "does not say where to connect"],
  ["a:443:b:65536", "does not say where to connect"],
  ["a:443:::1:8443", "does not say where to connect"],
  ["a.example:80:b:1", "not for the URL's a.example:443"],
])("%p is refused: %s", (rule, why) => {
  expect(() => connectTo([rule], URL_ORIGIN)).toThrow(why);
});

test("a Unix socket and another address exclude each other", () => {
  expect(() => planHttp({ url: "http://a/", path: "/run/a.sock", connectTo: ["::b:1"] })).toThrow("Unix socket");
});

test("the URL's host is asked for and verified wherever connections go", async () => {
  const fixture = (name: string) => readFileSync(`${import.meta.dir}/../../net/fixtures/localhost-${name}.pem`, "utf8");
  const seen = new Set<string>();
  const server = createServer({ cert: fixture("cert"), key: fixture("key") }, (socket: TLSSocket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      seen.add(`${socket.servername} ${/Host: (.*)\r/.exec(head.toString())?.[1]}`);
      socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const elsewhere = { connectTo: [`::127.0.0.1:${(server.address() as AddressInfo).port}`], ca: fixture("cert") };
  const right = await runHttp("https://localhost:4443/", { ...elsewhere, requests: 1 });
  expect([right.protocol.status, right.target]).toEqual([{ 200: 1 }, elsewhere.connectTo[0]!.slice(2)]);
  expect([...seen]).toEqual(["localhost localhost:4443"]);
  const wrong = await runHttp("https://other.example/", { ...elsewhere, requests: 1 });
  expect(Object.keys(wrong.connections.byCause)[0]).toContain("TLS handshake failed");
  server.close();
});
