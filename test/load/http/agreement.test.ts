/**
 * What the generator counts is what a server did that answers well and badly at random: it keeps a log. `TENK_RUNS=500` gives so many
 * runs of each kind, `TENK_FUZZ_SEED` the seed of the first.
 */
import { expect, test } from "bun:test";
import type { Socket } from "node:net";
import { type Random, randomFrom } from "../../wire/fuzz.ts";
import { BROKEN, SLOW } from "./broken-answers.ts";
import { BROKEN_FRAMES } from "./broken-frames.ts";
import { frame, frameServer } from "./frame-server.ts";
import { expectBalance, type ReportOfHttp, rawServer, runHttp } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 3);
const REQUESTS = 120;
const TIMEOUT_MS = 3_600_000;

/** What a server did. */
class Log {
  readonly status: Record<string, number> = {};
  readonly errorsBy: Record<string, number> = {};
  readonly lost: Record<string, number> = {};
  interims = 0;
  bodyBytes = 0;
  /** Connections that it announced to close. */
  closes = 0;

  add(counts: Record<string, number>, name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }

  expectIn({ protocol, connections }: ReportOfHttp, wanted: number): void {
    expect(protocol.status).toEqual(this.status);
    expect(protocol.errorsBy).toEqual(this.errorsBy);
    expect(connections.byCause).toEqual(this.lost);
    // Broken answers may have some too.
    expect(protocol.interims).toBeGreaterThanOrEqual(this.interims);
    expect(protocol.bodyBytes).toBeGreaterThanOrEqual(this.bodyBytes);
    // Those that ended last are not opened again, as the run is over.
    const ended = Object.values(this.lost).reduce((all, one) => all + one, this.closes);
    expect(connections.reopened).toBeLessThanOrEqual(ended);
    expect(connections.reopened).toBeGreaterThanOrEqual(ended - wanted);
  }
}

const STATUSES = [200, 201, 301, 404, 503];
const pick = <Item>(items: readonly Item[], random: Random) => items[random(items.length)]!;

/** Writes a text in pieces, a turn of the event loop each. */
function writeInPieces(socket: Socket, text: string, random: Random): void {
  const cut = random(text.length + 1);
  socket.write(text.slice(0, cut));
  if (cut < text.length) setImmediate(() => socket.write(text.slice(cut)));
}

/** A good answer, in one of the framings that leave the connection open, or announce its end. */
function answerWell(socket: Socket, log: Log, random: Random): void {
  const status = pick(STATUSES, random);
  const content = "x".repeat(random(random(8) === 0 ? 50_000 : 20));
  const interims = random(4) === 0 ? 1 + random(3) : 0;
  const isLast = random(6) === 0;
  const isChunked = random(2) === 0;
  const chunk = content.length === 0 ? "" : `${content.length.toString(16)};a=b\r\n${content}\r\n`;
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${content.length}`;
  const head = `HTTP/1.1 ${status} X\r\n${framing}\r\n${isLast ? "Connection: close\r\n" : ""}\r\n`;
  const text = `${"HTTP/1.1 103 E\r\n\r\n".repeat(interims)}${head}${isChunked ? `${chunk}0\r\nSum: 1\r\n\r\n` : content}`;
  if (isLast) socket.end(text);
  else writeInPieces(socket, text, random);
  log.add(log.status, String(status));
  log.interims += interims;
  log.bodyBytes += content.length;
  if (isLast) log.closes += 1;
}

function times(kind: string, run: (random: Random) => Promise<void>): void {
  test(
    kind,
    async () => {
      const first = Number(process.env.TENK_FUZZ_SEED ?? Date.now() % 2 ** 32);
      for (let seed = first; seed < first + RUNS; seed++) {
        try {
          await run(randomFrom(seed));
        } catch (error) {
          throw new Error(`TENK_FUZZ_SEED=${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    },
    TIMEOUT_MS,
  );
}

const ROWS = BROKEN.filter(([, , , options]) => options === undefined);

times("over HTTP/1.1: statuses, content, errors and losses are those of the server", async (random) => {
  const log = new Log();
  await using server = await rawServer((socket) => {
    if (random(3) > 0) return answerWell(socket, log, random);
    const [, cause, answer] = pick(ROWS, random);
    answer(socket);
    log.add(log.errorsBy, cause);
    log.add(log.lost, `established ${cause}`);
  });
  const connections = 1 + random(6);
  const report = await runHttp(server.url, { requests: REQUESTS, connections, timeoutMs: 60_000 });
  log.expectIn(report, connections);
  expectBalance(report);
  expect(server.seen.requests).toBe(REQUESTS);
});

const OF_STREAMS = BROKEN_FRAMES.filter(([, , lost, , options]) => lost === undefined && options === undefined);
const OF_CONNECTIONS = BROKEN_FRAMES.filter(([, , lost, , options]) => lost !== undefined && options !== SLOW);

/** A good answer of HTTP/2, whose frames come one by one. */
function answerFrames(socket: Socket, streamId: number, log: Log, random: Random): void {
  const block = [0x88, 0x89, 0x8d, 0x8e][random(4)]!;
  const content = block === 0x89 ? "" : "x".repeat(random(200));
  const frames = [frame(1, content === "" ? 5 : 4, streamId, new Uint8Array([block]))];
  for (let at = 0; at < content.length; at += 100)
    frames.push(frame(0, at + 100 >= content.length ? 1 : 0, streamId, content.slice(at, at + 100)));
  for (const each of frames) socket.write(each);
  log.add(log.status, String({ 136: 200, 137: 204, 141: 404, 142: 500 }[block]));
  log.bodyBytes += content.length;
}

times("over HTTP/2, several streams at a time: those that end badly are those of the server", async (random) => {
  const log = new Log();
  await using server = await frameServer((socket, streamId) => {
    if (random(3) > 0) return answerFrames(socket, streamId, log, random);
    const [, cause, , answer] = pick(OF_STREAMS, random);
    answer(socket, streamId);
    log.add(log.errorsBy, cause);
  });
  const options = { http2: true, requests: REQUESTS, connections: 1 + random(3), pipeline: 1 + random(8) };
  const report = await runHttp(server.url, { ...options, timeoutMs: 60_000 });
  log.expectIn(report, options.connections);
  expectBalance(report);
  expect(server.seen).toEqual({ requests: REQUESTS, connections: options.connections });
});

times("over HTTP/2: connections that end badly are those of the server", async (random) => {
  const log = new Log();
  await using server = await frameServer((socket, streamId) => {
    if (random(3) > 0) return answerFrames(socket, streamId, log, random);
    const [, cause, lost, answer] = pick(OF_CONNECTIONS, random);
    answer(socket, streamId);
    log.add(log.errorsBy, cause);
    log.add(log.lost, `established ${lost}`);
  });
  const connections = 1 + random(6);
  const report = await runHttp(server.url, { http2: true, requests: REQUESTS, connections, timeoutMs: 60_000 });
  log.expectIn(report, connections);
  expectBalance(report);
  expect(server.seen.requests).toBe(REQUESTS);
});
