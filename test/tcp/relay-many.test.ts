/** A relay under many pairs and large ones: nothing is left behind, and memory stays where it was. */
import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { until } from "../net/support.ts";
import { type Random, randomFrom } from "../wire/fuzz.ts";
import { cleanUp, FarServer, frozen, nowhere, openSockets, relayed, relayProcess } from "./relay-support.ts";

afterEach(cleanUp);

const CONNECTIONS = 2000;
const AT_ONCE = 100;
/** The full one is 1 GiB: `TENK_RELAY_BYTES=1073741824`. */
const LARGE_BYTES = Number(process.env.TENK_RELAY_BYTES ?? 256 * 1024 * 1024);
const MEBIBYTE = 1024 * 1024;

/** What a target does with a connection: most echo, the others fail in their own ways. */
function misbehave(socket: Socket, random: Random): void {
  const what = random(8);
  if (what === 0) socket.resetAndDestroy();
  else if (what === 1) socket.end("bye");
  else if (what === 2) socket.once("data", () => socket.resetAndDestroy());
  else if (what === 3) socket.once("data", (bytes) => socket.end(bytes));
  else if (what === 4) socket.pause();
  else socket.pipe(socket);
}

/** One client that ends in one of several ways, within `lifeMs` at the latest. */
async function live(port: number, random: Random): Promise<void> {
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  if (random(3) > 0) socket.write(Buffer.alloc(1 + random(20_000)));
  if (random(2) === 0) socket.resume();
  const way = random(4);
  if (way === 0) socket.end();
  if (way === 1) await once(socket, "connect").catch(() => {});
  setTimeout(() => (way === 2 ? socket.resetAndDestroy() : socket.destroy()), random(30));
  await closed;
}

test("no pair, descriptor or count is left of 2000 connections that end at random, on either side", async () => {
  const seed = Date.now() % 2 ** 32;
  const random = randomFrom(seed);
  const fickle = await new FarServer((socket) => misbehave(socket, random)).open();
  const { address: stuck } = await frozen(4096);
  const absent = await nowhere();
  const options = { connectTimeoutMs: 500, finishMs: 100, stallMs: 300, health: { failures: 0 } };
  const before = openSockets();
  const { port, report, server } = await relayed({ targets: [fickle.address, stuck, absent], ...options });
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => live(port, random)));
  }
  await until(() => report().pairs === 0, 8000);
  for (const socket of fickle.sockets.splice(0)) socket.destroy();
  await until(() => openSockets() === before + 1); // the relay's own listener
  const { active, accepted, closed, handlerErrors } = server.counts();
  const ends = Object.values(closed).reduce((sum, count) => sum + count, 0);
  const left = report().targets.map((target) => target.active);
  expect({ seed, active, accepted, ends, handlerErrors, left }).toEqual({
    seed,
    active: 0,
    accepted: CONNECTIONS,
    ends: CONNECTIONS,
    handlerErrors: 0,
    left: [0, 0, 0],
  });
  if (process.env.TENK_RELAY_BYTES) console.log(Object.entries(closed).filter(([, count]) => count > 0));
}, 30_000);

/** Writes `LARGE_BYTES` as fast as they are taken. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(65_536, 1);
  let left = LARGE_BYTES;
  const write = () => {
    while (left > 0) {
      const part = left >= chunk.length ? chunk : chunk.subarray(0, left);
      left -= part.length;
      if (!socket.write(part)) {
        socket.once("drain", write);
        return;
      }
    }
    socket.end();
  };
  write();
}

const statusBytes = (pid: number, field: string) =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

test("a slow reader holds its target back: what waits is bounded, however much there is", async () => {
  const source = await new FarServer(pour).open();
  const relaying = await relayProcess({ targets: [source.address] });
  const reader = createConnection({ port: relaying.port, host: "127.0.0.1" });
  let got = 0;
  reader.on("data", (bytes) => {
    got += bytes.length;
    // Stops for a moment every few MiB: slower than its target, and yet not for minutes.
    if (got % (4 * MEBIBYTE) >= bytes.length) return;
    reader.pause();
    setTimeout(() => reader.resume(), 5);
  });
  await until(() => got > 8 * MEBIBYTE);
  const startBytes = statusBytes(relaying.pid, "VmRSS");
  await until(() => reader.closed, 120_000);
  const grownBytes = statusBytes(relaying.pid, "VmHWM") - startBytes;
  if (process.env.TENK_RELAY_BYTES) {
    console.log(`${LARGE_BYTES / MEBIBYTE} MiB: RSS ${startBytes / MEBIBYTE} MiB and ${grownBytes / MEBIBYTE} more`);
  }
  expect(got).toBe(LARGE_BYTES);
  // 3 to 8, from these bytes to 4 GiB; about 20 where the chunks' memory is left to the collector.
  expect(grownBytes / MEBIBYTE).toBeLessThan(12);
  const { active, report } = await relaying.status();
  expect([active, report]).toMatchObject([0, { pairs: 0, targets: [{ bytesFromTarget: LARGE_BYTES }] }]);
}, 150_000);
