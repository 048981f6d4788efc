import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { connect } from "node:tls";
import { listen, type Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../src/proxy/counts.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { readBrokenRules } from "../../src/proxy/monitoring/mod.ts";
import { until } from "../net/support.ts";
import { exchange, proxyOptions, startProxy } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);
let plain: Server;
let secure: Server;

beforeAll(async () => {
  const options = proxyOptions("  app: { respond: hi }\n");
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2"] };
  plain = await startProxy(options);
  secure = await listen({ port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS }, proxyModule(options));
});
afterAll(() => Promise.all([plain.stop({ graceMs: 0 }), secure.stop({ graceMs: 0 })]));

const counted = (server: Server) =>
  Object.fromEntries(
    readBrokenRules([server])
      .filter(({ count }) => count > 0)
      .map(({ protocol, reason, count }) => [`${protocol} ${reason}`, count]),
  );

test("heads that are refused are counted by what was wrong with them", async () => {
  const head = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;
  await exchange(plain.port, head("GET / HTTP/1.1"));
  await exchange(plain.port, head("GET / HTTP/1.1", "Host: a", "Host: b"));
  await exchange(plain.port, head("GET / HTTP/1.1", "Host: a", "Host: b"));
  await exchange(plain.port, head("CONNECT a:443 HTTP/1.1", "Host: a"));
  expect(counted(plain)).toEqual({
    "http/1 host-missing": 1,
    "http/1 host-repeated": 2,
    "http/1 connect-unsupported": 1,
  });
});

test("so are connections of HTTP/2 that break a rule", async () => {
  const socket = connect({ port: secure.port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false });
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await until(() => counted(secure)["http/2 preface"] === 1);
  socket.destroy();
});
