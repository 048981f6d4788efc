import { afterEach, expect, test } from "bun:test";
import type { Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS, rejectionAt } from "../../src/proxy/counts.ts";
import type { Rejection } from "../../src/proxy/guard/mod.ts";
import { exchange, get, proxyOptions, RawClient, rawTarget, startProxy, statusOf } from "./support.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A proxy of one service, `app`, and how many connections its target got. */
async function guarded(settings: string, trustedProxies: readonly string[] = []) {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const services = `  app: { target: http://127.0.0.1:${target.port}, ${settings} }\n`;
  const proxy = await startProxy(proxyOptions(services, { trustedProxies }));
  stops.push(
    () => proxy.stop({ graceMs: 0 }),
    () => target.stop(),
  );
  return { proxy, target };
}

function rejected(proxy: Server, reason: Rejection): number {
  const rows = [...proxy.handlerRows()].filter(({ length }) => length >= PROXY_COUNTS.counters);
  return rows.reduce((sum, row) => sum + row[rejectionAt(1, reason)]!, 0);
}

const ask = (port: number, ...fields: string[]) => exchange(port, get("/", "app.home.arpa", ...fields));

/** Sends so many requests in one write, which no busy machine can spread over seconds. */
async function statusesOf(port: number, count: number): Promise<number[]> {
  const request = get("/", "app.home.arpa");
  const answers = await exchange(port, request.replace("Connection: close\r\n", "").repeat(count - 1) + request);
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

test.each([
  ["127.0.0.0/8", 200],
  ["10.0.0.0/8", 403],
  ["unix", 403],
  ["::1", 403],
])("a client at 127.0.0.1 of a service for %s gets %i", async (range, status) => {
  const { proxy, target } = await guarded(`allow: ["${range}"]`);
  expect(statusOf(await ask(proxy.port))).toBe(status);
  expect([target.sockets.length, rejected(proxy, "not-allowed")]).toEqual(status === 200 ? [1, 0] : [0, 1]);
});

test.each([
  // Who is not trusted names nobody else.
  { trusted: [], chain: "10.0.0.1", status: 403 },
  { trusted: ["127.0.0.1"], chain: "10.0.0.1", status: 200 },
  // What a stranger wrote in front of the address that a trusted proxy saw.
  { trusted: ["127.0.0.1"], chain: "10.0.0.1, 192.0.2.7", status: 403 },
  { trusted: ["127.0.0.1", "192.0.2.0/24"], chain: "10.0.0.1, 192.0.2.7", status: 200 },
  { trusted: ["127.0.0.1"], chain: "10.0.0.1, junk", status: 403 },
  { trusted: ["127.0.0.1"], chain: "10.0.0.1:80", status: 403 },
])("behind $trusted the chain $chain is answered $status by a service for 10.0.0.0/8", async (given) => {
  const { proxy } = await guarded(`allow: [10.0.0.0/8]`, given.trusted);
  expect(statusOf(await ask(proxy.port, `X-Forwarded-For: ${given.chain}`))).toBe(given.status);
});

test("more requests than the rate get 429 and are told when to come again", async () => {
  const { proxy, target } = await guarded("limits: { requestsPerSecond: 1, burst: 2 }");
  const answers = [await ask(proxy.port), await ask(proxy.port), await ask(proxy.port)];
  expect(answers.map(statusOf)).toEqual([200, 200, 429]);
  expect(answers[2]).toContain("\r\nRetry-After: 1\r\n");
  expect([target.sockets.length, rejected(proxy, "rate")]).toEqual([2, 1]);
});

test("a rate without a burst lets one request at a time go on", async () => {
  const { proxy } = await guarded("limits: { requestsPerSecond: 1, burst: 0 }");
  expect(await statusesOf(proxy.port, 2)).toEqual([200, 429]);
});

test("requests of one connection are judged by the addresses of the service that each is for", async () => {
  const services = ["127.0.0.0/8", "10.0.0.0/8"].map(
    (range, index) => `  s${index}: { respond: ok, allow: ["${range}"] }`,
  );
  const proxy = await startProxy(proxyOptions(`${services.join("\n")}\n`));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const client = new RawClient(proxy.port);
  const statuses: number[] = [];
  for (const service of ["s0", "s1", "s0", "s1"]) {
    const before = client.text.length;
    client.send(`HEAD / HTTP/1.1\r\nHost: ${service}.home.arpa\r\n\r\n`);
    await client.until((text) => text.length > before && text.endsWith("\r\n\r\n"));
    statuses.push(statusOf(client.text.slice(before)));
  }
  client.close();
  expect(statuses).toEqual([200, 403, 200, 403]);
});

test("clients behind a trusted proxy are limited one by one, an IPv6 /64 as one", async () => {
  const { proxy } = await guarded("limits: { requestsPerSecond: 1, burst: 1 }", ["127.0.0.1"]);
  const from = async (address: string) => statusOf(await ask(proxy.port, `X-Forwarded-For: ${address}`));
  expect([await from("192.0.2.1"), await from("192.0.2.2"), await from("192.0.2.1")]).toEqual([200, 200, 429]);
  expect([await from("2001:db8::1"), await from("2001:db8::2"), await from("2001:db8:1::1")]).toEqual([200, 429, 200]);
});

test("a reload keeps the counts of a limit that stays, begins anew with another, and drops a guard that is gone", async () => {
  const target = await rawTarget((_, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  stops.push(() => target.stop());
  const options = (more: string) => proxyOptions(`  app: { target: http://127.0.0.1:${target.port}, ${more} }\n`);
  const proxy = await startProxy(options("limits: { requestsPerSecond: 1, burst: 1 }"));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  expect(statusOf(await ask(proxy.port))).toBe(200);
  await (
    await proxy.prepare({ handlerOptions: options("maxBody: 1mb, limits: { requestsPerSecond: 1, burst: 1 }") })
  ).commit();
  expect(statusOf(await ask(proxy.port))).toBe(429);
  await (await proxy.prepare({ handlerOptions: options("limits: { requestsPerSecond: 1, burst: 2 }") })).commit();
  expect(await statusesOf(proxy.port, 3)).toEqual([200, 200, 429]);
  await (await proxy.prepare({ handlerOptions: options("maxBody: 1mb") })).commit();
  expect(statusOf(await ask(proxy.port))).toBe(200);
});
