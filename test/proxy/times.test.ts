import { expect, test } from "bun:test";
import { exchange, get, proxyOptions, RawClient, rawTarget, startProxy, statusOf } from "./support.ts";

const STALL_MS = 300;
const service = (port: number) =>
  proxyOptions(`  app: { target: "http://127.0.0.1:${port}", plainHttp: serve, timeouts: { stall: ${STALL_MS}ms } }\n`);

test("a request goes to as many targets as `attempts` says", async () => {
  const target = await rawTarget((_, socket) => {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const targets = `targets: ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:${target.port}"]`;
  for (const [attempts, status] of [[1, 502], [3, 502], [4, 200]] as const) {
    const proxy = await startProxy(proxyOptions(`  app: { ${targets}, balance: first, attempts: ${attempts}, plainHttp: serve }\n`));
    expect([attempts, statusOf(await exchange(proxy.port!, get("/", "app.home.arpa")))]).toEqual([attempts, status]);
    await proxy.stop({ graceMs: 0 });
  }
  target.stop();
}); // biome-ignore format: one thought

test("an answer that stops in the middle is broken off after `stall`, and events may be silent for longer", async () => {
  const target = await rawTarget((text, socket) => {
    if (!text.endsWith("\r\n\r\n")) return;
    if (text.includes("GET /events"))
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  const proxy = await startProxy(service(target.port));
  const events = new RawClient(proxy.port!).send(get("/events", "app.home.arpa"));
  await events.until((text) => text.includes("data: 1"));
  const startMs = performance.now();
  const cut = await exchange(proxy.port!, get("/", "app.home.arpa"));
  expect(cut).toContain("only this");
  expect(performance.now() - startMs).toBeGreaterThan(STALL_MS - 50);
  // The cut one began later and had the same time.
  expect(events.ended).toBe(false);
  target.sockets[0]!.write("data: 2\n\n");
  await events.until((text) => text.includes("data: 2"));
  expect(events.text).toContain("data: 2");
  events.close();
  await proxy.stop({ graceMs: 0 });
  target.stop();
});

test("a tunnel whose one side is finished ends after `stall` without a byte", async () => {
  const accept =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.write(accept);
  });
  // It never finishes.
  const proxy = await startProxy(service(target.port));
  const upgrade = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const client = new RawClient(proxy.port!).send(
    `GET / HTTP/1.1\r\nHost: app.home.arpa\r\n${upgrade.join("\r\n")}\r\n\r\n`,
  );
  await client.until((text) => text.includes("101 "));
  target.sockets[0]!.removeAllListeners("end");
  const startMs = performance.now();
  client.socket.end();
  await client.until(() => false);
  expect(performance.now() - startMs).toBeGreaterThan(STALL_MS - 50);
  client.close();
  await proxy.stop({ graceMs: 0 });
  target.stop();
});
