/** Reloads and certificate swaps under load. 50 WebSockets and a second of load here; `TENK_RUNS=500` and more for the long run. */
import { afterAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { DAY_MS } from "../certificates/support.ts";
import { until } from "../net/support.ts";
import { answered, startListeners, tlsTo } from "./listeners-support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 50);
const BOTH = "https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 1";
const HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";

/** Agrees to every upgrade, then echoes bytes. */
const target: Server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${HANDSHAKE}\r\n`);
    socket.on("data", (bytes) => socket.write(bytes));
  });
});
await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
afterAll(() => target.close());
const ws = `ws: "http://127.0.0.1:${(target.address() as { port: number }).port}"`;

async function tunnel(port: number): Promise<TLSSocket> {
  const socket = await tlsTo(port, { servername: "ws.home.arpa" });
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const request = `GET / HTTP/1.1\r\nHost: ws.home.arpa\r\n${HANDSHAKE}${key}\r\n`;
  expect(await answered(socket, request, (got) => got.endsWith("\r\n\r\n"))).toStartWith("HTTP/1.1 101 ");
  return socket;
}

test(`${RUNS} open WebSockets of an unchanged service live through reloads of all else`, async () => {
  const { server, reload } = await startListeners(BOTH, `${ws}, app: { respond: one }`);
  const { port } = server("https");
  const sockets: TLSSocket[] = [];
  while (sockets.length < RUNS) {
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, RUNS - sockets.length) }, () => tunnel(port)))),
    );
  }
  let echoed = 0;
  let dropped = 0;
  for (const socket of sockets) {
    socket.on("data", (bytes) => (echoed += bytes.length));
    socket.on("close", () => (dropped += 1));
  }
  const changes: [proxy: string, services: string][] = [
    [BOTH, `${ws}, app: { respond: two }`],
    [`${BOTH}, timeouts: { keepAlive: 1s, head: 2s, body: 3s }`, `${ws}, other: { respond: three }`],
    [`${BOTH}, limits: { head: 1KiB, fields: 20, connections: ${2 * RUNS} }`, ws],
    [`${BOTH}, tls: { minVersion: TLSv1.3 }`, `${ws}, app: { respond: one }`],
    [BOTH, `${ws}, wrong: { target: "https://127.0.0.1:1", tls: { ca: /nowhere.pem } }`],
  ];
  let sent = 0;
  for (const [at, [proxy, services]] of changes.entries()) {
    for (const socket of sockets) socket.write("before");
    const done = reload(proxy, services);
    await (at === changes.length - 1 ? expect(done).rejects.toThrow("nowhere.pem") : done);
    for (const socket of sockets) socket.write("behind");
    sent += 12 * sockets.length;
  }
  await until(() => echoed === sent || dropped > 0, 20_000);
  expect([dropped, echoed]).toEqual([0, sent]);
  for (const socket of sockets) socket.destroy();
}, 60_000);

test("certificates that change under load lose no request, on kept and on new connections", async () => {
  const { server, clock, pass } = await startListeners(BOTH, "app: { respond: one }");
  const { port } = server("https");
  const servername = "app.home.arpa";
  const rounds = Math.max(3, Math.round(RUNS / 20));
  const fingerprints = new Set<string>();
  let requests = 0;
  let lost = 0;
  let isOver = false;
  const ask = async (socket: TLSSocket) => {
    const request = "GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n";
    const answer = await answered(socket, request, (got) => got.endsWith("one"));
    requests += 1;
    if (!answer.startsWith("HTTP/1.1 200 ")) lost += 1;
  };
  const kept = async () => {
    const socket = await tlsTo(port, { servername });
    while (!isOver) await ask(socket);
    socket.destroy();
  };
  const fresh = async () => {
    while (!isOver) {
      const socket = await tlsTo(port, { servername });
      fingerprints.add(socket.getPeerCertificate().fingerprint256);
      await ask(socket);
      socket.destroy();
    }
  };
  const startedMs = performance.now();
  const clients = [...Array.from({ length: 8 }, kept), fresh(), fresh()];
  for (let round = 0; round < rounds; round++) {
    // Each certificate is seen, and is in use for a while.
    const before = requests;
    await until(() => fingerprints.size > round && requests >= before + 300, 20_000);
    clock.sleep(20 * DAY_MS);
    await pass(30_000);
  }
  await until(() => fingerprints.size > rounds, 20_000);
  isOver = true;
  await Promise.all(clients);
  const perSecond = Math.round(requests / ((performance.now() - startedMs) / 1000));
  if (process.env.TENK_RUNS) console.log(`${rounds} swaps, ${requests} requests at ${perSecond}/s, ${lost} lost`);
  expect(lost).toBe(0);
  expect(fingerprints.size).toBe(rounds + 1);
}, 60_000);
