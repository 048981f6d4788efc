/** WebSocket servers of others: the npm package `ws` under Node, gorilla/websocket in Go; and tenk's own proxy in front of one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { buildGoModule, hasGo, testWithoutGo } from "../../net/go.ts";
import { proxyOptions, startProxy } from "../../proxy/support.ts";
import { bunServer, messages, runWebSocket } from "./support.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");
const BUILD_MS = 120_000;

const PEERS: readonly [name: string, start: () => ChildProcess][] = [
  ["ws", () => spawn("node", [join(FIXTURES, "ws-server.mjs")])],
  ...(hasGo ? [["gorilla", () => spawn(buildGoModule(join(FIXTURES, "gorilla")))] as const] : []),
].map(([name, start]) => [name as string, start as () => ChildProcess]);

if (!hasGo) testWithoutGo("a WebSocket server in Go");

describe.each(PEERS)("against %s", (name, start) => {
  let server: ChildProcess;
  let url = "";

  beforeAll(async () => {
    server = start();
    const [port] = await once(server.stdout!, "data");
    url = `ws://127.0.0.1:${String(port).trim()}/`;
  }, BUILD_MS);
  afterAll(() => void server.stdin!.end());

  test.each([
    ["text", {}, "Grüße \\{connection.uid}"],
    ["binary", { binary: true }, "\\{re [a-z]{1,2000}}"],
    ["fragments", { fragmentBytes: 10 }, "\\{message.marker} and \\{re [a-z]{70}}"],
    ["long ones", {}, "x".repeat(200_000)],
  ])("%s: each is answered, and every connection closed with its answer", async (_, options, content) => {
    const plan = {
      connections: 3,
      ratePerConnection: 50,
      messages: messages(content),
      answers: { kind: "order" } as const,
    };
    const { protocol, verdict, messages: counted } = await runWebSocket(url, { ...plan, ...options });
    expect(verdict.pass).toBe(true);
    expect([protocol.messages, protocol.closes]).toEqual([counted.sent, { 1000: 3 }]);
    // Of ws alone.
    expect(protocol.pings.received).toBe(name === "ws" ? 3 : 0);
  });

  test("a frame that no server takes ends its connection, with the code that it says", async () => {
    const { protocol, connections } = await runWebSocket(url, {
      messages: messages("\\{ws.text rsv2}"),
      ratePerConnection: 5,
    });
    expect(protocol.closes).toEqual({ 1002: 1 });
    expect(connections.byCause).toEqual({ "established close frame 1002": 1 });
  });
});

test("through tenk's proxy nothing is lost, and closing handshakes pass it", async () => {
  await using server = bunServer();
  const proxy = await startProxy(proxyOptions(`  echo: ${server.url.replace(/^ws/, "http").replace(/\/$/, "")}\n`));
  const plan = {
    connections: 5,
    ratePerConnection: 50,
    messages: messages("hello"),
    answers: { kind: "order" } as const,
  };
  const headers = [["Host", "echo.home.arpa"]] as const;
  const report = await runWebSocket(`ws://127.0.0.1:${proxy.port}/`, { ...plan, headers, pingsPerSecond: 10 });
  const wrong = await runWebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers: [["Host", "none.home.arpa"]] });
  await proxy.stop({ graceMs: 0 });
  const { sent, answered } = report.messages;
  expect([report.verdict.pass, answered, server.seen.messages]).toEqual([true, sent, sent]);
  expect(report.protocol).toMatchObject({ closes: { 1000: 5 }, errors: 0 });
  expect(report.protocol.pings.answered).toBe(report.protocol.pings.sent);
  expect(Object.keys(wrong.connections.byCause)[0]).toMatch(/^opening handshake: status 4\d\d$/);
});
