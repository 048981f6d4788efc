/**
 * Answers of broken and hostile HTTP/2 servers, without sockets: each request ends once, whatever comes and however it is cut, and what
 * is counted adds up. `TENK_FUZZ=5000000` gives so many inputs.
 */

import { expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import type { Http2Sender } from "../../../src/http/http2/sender.ts";
import { http2TargetSettings } from "../../../src/http/mod.ts";
import { AnswerCheck } from "../../../src/load/http/answer-check.ts";
import { HttpCounts } from "../../../src/load/http/counts.ts";
import { Http2Connection } from "../../../src/load/http/http2-connection.ts";
import { Http2Sessions } from "../../../src/load/http/http2-transport.ts";
import type { RequestSource } from "../../../src/load/http/requests/mod.ts";
import type { TransportEvents } from "../../../src/load/loop/mod.ts";
import type { Connection } from "../../../src/net/mod.ts";
import { FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { blockOf, GET } from "../../http/client/support.ts";
import { block, encoder, frame, uint32 } from "../../http/http2/support.ts";
import { fuzz, type Random } from "../../wire/fuzz.ts";
import { concat, hex } from "../../wire/support.ts";

const TIMEOUT_MS = 3_600_000;
const PIPELINE = 3;
/** Of one connection. */
const MOST_REQUESTS = 8;
const NOTHING = new Uint8Array(0);

/** Sends what was gathered when it is told to: there are no turns of an event loop here. */
class Sessions extends Http2Sessions {
  readonly #senders = new Set<Http2Sender>();
  override flushAfterTurn(sender: Http2Sender): void {
    this.#senders.add(sender);
  }
  flushAll(): void {
    for (const sender of this.#senders) sender.flush();
    this.#senders.clear();
  }
}

const settings = http2TargetSettings({
  url: "http://a",
  maxStreams: PIPELINE,
  maxHeadBytes: 2000,
  streamWindowBytes: 70_000,
});
const owner = new Sessions(settings, false);

/** The loop's side of a connection, as far as a transport sees it. */
class Loop implements TransportEvents {
  counts = new HttpCounts();
  connection!: Http2Connection;
  request: Uint8Array = NOTHING;
  written = 0;
  underWay = 0;
  answeredOrFailed = 0;
  closes = 0;
  #isLeaving = false;

  open(): void {
    this.#fill();
  }
  came(): void {}
  chunk(): void {
    if (this.closes > 0) throw new Error("bytes are told of behind the end");
  }
  took(): void {}
  broken(): void {}
  began(_: unknown, position: number): void {
    this.#check(position);
  }
  answered(_: unknown, position: number, isLast = false): number {
    this.#ended(position);
    if (!isLast) this.#fill();
    return 0;
  }
  failed(_: unknown, position: number): void {
    this.#ended(position);
    this.#fill();
  }
  /** Nothing is sent again here: each is an error. */
  returned(): boolean {
    return false;
  }
  leaving(): void {
    this.#isLeaving = true;
  }
  close(): void {
    this.closes += 1;
    this.#isLeaving = true;
  }

  #ended(position: number): void {
    this.#check(position);
    this.underWay -= 1;
    this.answeredOrFailed += 1;
  }

  #check(position: number): void {
    if (position < 0 || position >= this.underWay) throw new Error(`position ${position} of ${this.underWay}`);
  }

  #fill(): void {
    while (!this.#isLeaving && this.underWay < PIPELINE && this.written < MOST_REQUESTS) {
      // In flight before it is written, as a failure may come within the call.
      this.underWay += 1;
      if (this.connection.write(this.request) === 0) {
        this.underWay -= 1;
        return;
      }
      this.written += 1;
    }
  }
}

function sourceOf(request: Uint8Array, bodyBytes: number): RequestSource {
  return {
    current: { kind: 0, isHead: false, bodyBytes },
    names: [""],
    cookies: undefined,
    areAlike: true,
    constant: true,
    firstBytes: () => undefined,
    nextBytes: () => request,
    constantLengthBytes: request.length,
    maxLengthBytes: request.length,
    messagesPerCycle: 1,
    hasMarker: false,
  };
}

interface Result {
  readonly written: number;
  readonly counts: Record<string, number>;
}

/** @param cut how long the next piece is */
function play(
  bytes: Uint8Array,
  body: Uint8Array | undefined,
  cut: () => number,
  act: (connection: Http2Connection, loop: Loop) => void,
): Result {
  const loop = new Loop();
  let bytesWritten = 0;
  let hasThrown = false;
  const socket = {
    closed: false,
    full: false,
    tls: undefined,
    write: ({ length }: Uint8Array) => {
      bytesWritten += length;
      return length;
    },
    finish: () => {},
    close: () => {},
    reset: (reason: string) => {
      hasThrown ||= reason === "handler-error";
    },
  } as unknown as Connection<Http2Connection>;
  const head = body === undefined ? GET : "POST / HTTP/1.1\r\nHost: a\r\n\r\n";
  const request = concat(encoder.encode(head), body ?? NOTHING);
  const requests = sourceOf(request, body?.length ?? -1);
  const check = new AnswerCheck([{ from: 200, to: 299 }], encoder.encode("ell"));
  const shared = { events: loop, counts: loop.counts, check, owner, requests, observer: undefined, block: blockOf("") };
  const connection = new Http2Connection(0, shared);
  loop.connection = connection;
  loop.request = request;
  (socket as { data: Http2Connection }).data = connection;
  connection.opened(socket);
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.slice(at, at + cut());
    at += piece.length;
    connection.read(piece);
    piece.fill(0xee);
    act(connection, loop);
    owner.flushAll();
  }
  connection.closed("peer", undefined);
  owner.flushAll();
  if (hasThrown) throw new Error("the session threw");
  if (loop.closes !== 1) throw new Error(`closed ${loop.closes} times`);
  const counts = loop.counts.read();
  const ended = Object.entries(counts).filter(([name]) => /^(status|error) /.test(name));
  const sum = ended.reduce((all, [, count]) => all + count, 0);
  if (sum !== loop.written) throw new Error(`${sum} of ${loop.written} requests ended: ${JSON.stringify(counts)}`);
  if (loop.answeredOrFailed > sum) throw new Error(`${loop.answeredOrFailed} told of, ${sum} counted`);
  const most = 2000 + loop.written * (request.length + 200) + 30 * bytes.length;
  if (bytesWritten > most) throw new Error(`${bytesWritten} bytes for ${bytes.length}`);
  return { written: loop.written, counts };
}

function hold(bytes: Uint8Array, random: Random): void {
  const body = random(3) === 0 ? new Uint8Array(random(30) === 0 ? 90_000 : 5) : undefined;
  const most = random(3) === 0 ? bytes.length + 1 : 40;
  if (random(3) === 0) {
    // How it is cut changes nothing, but how much there was of content that is too long.
    const [whole, split] = [Math.max(1, bytes.length), 0].map((length) => {
      const { counts, written } = play(
        bytes,
        body,
        () => length || 1 + random(most),
        () => {},
      );
      return { ...counts, bodyBytes: 0, written };
    });
    if (!isDeepStrictEqual(whole, split))
      throw new Error(`whole ${JSON.stringify(whole)}, split ${JSON.stringify(split)}`);
    return;
  }
  play(
    bytes,
    body,
    () => 1 + random(most),
    (connection, loop) => {
      if (random(6) === 0 && loop.underWay > 0) connection.expire();
      if (random(6) === 0) connection.drained();
    },
  );
}

const SETTINGS = frame(FrameType.settings, 0, 0);
const head = (streamId: number, lines: string[], flags: number = FrameFlag.endHeaders) =>
  frame(FrameType.headers, flags, streamId, block(lines));
const data = (streamId: number, content: string, flags = 0) =>
  frame(FrameType.data, flags, streamId, encoder.encode(content));
const ok = (streamId: number) => head(streamId, [":status: 204"], 5);

const SEEDS = [
  concat(SETTINGS, head(1, [":status: 200", "content-length: 5"]), data(1, "hello", 1), ok(3), ok(5), ok(7)),
  concat(
    SETTINGS,
    head(1, [":status: 103", "link: x"]),
    head(1, [":status: 200"]),
    data(1, "\u0001ax", FrameFlag.padded),
    head(1, ["grpc-status: 0"], 5),
    frame(FrameType.windowUpdate, 0, 3, uint32(9)),
    frame(FrameType.rstStream, 0, 3, uint32(8)),
    ok(7),
    frame(FrameType.ping, 0, 0, new Uint8Array(8)),
  ),
  concat(
    frame(FrameType.settings, 0, 0, hex("0004 00000003 0003 00000002")),
    frame(FrameType.headers, 0, 3, block([":status: 200"])),
    frame(FrameType.continuation, FrameFlag.endHeaders, 3, block(["a: b"])),
    data(3, "x"),
    frame(FrameType.rstStream, 0, 1, uint32(7)),
    frame(FrameType.settings, 0, 0, hex("0004 00030000 0003 00000064")),
    frame(FrameType.goAway, 0, 0, uint32(5, 0)),
    data(3, "y", 1),
    ok(5),
  ),
  concat(SETTINGS, frame(FrameType.goAway, 0, 0, uint32(1, 11)), ok(1)),
  concat(
    SETTINGS,
    ok(1),
    ok(3),
    frame(FrameType.windowUpdate, 0, 0, uint32(70_000)),
    ok(5),
    ok(7),
    ok(9),
    ok(11),
    ok(13),
    ok(15),
  ),
];

/** Frames good and bad, one behind the other. */
function someFrames(random: Random): Uint8Array {
  const stream = () => [1, 3, 5, 7, 9, 11, 0, 2, 99][random(random(4) === 0 ? 9 : 5)]!;
  const make = [
    () => ok(stream()),
    () => head(stream(), [":status: 200"]),
    () => head(stream(), [":status: 103"]),
    () => data(stream(), "hello", random(2)),
    () => data(stream(), ""),
    () => frame(FrameType.rstStream, 0, stream(), uint32(random(15))),
    () => frame(FrameType.goAway, 0, 0, uint32(stream(), random(3))),
    () =>
      frame(
        FrameType.settings,
        0,
        0,
        hex(["", "0003 00000000", "0003 00000001", "0004 00000000", "0004 00010000"][random(5)]!),
      ),
    () => frame(FrameType.windowUpdate, 0, stream(), uint32(random(4) * 30_000)),
    () => frame(FrameType.ping, random(2), 0, new Uint8Array(8)),
    () => frame(random(12), random(256), stream(), new Uint8Array(random(12))),
  ];
  const frames = Array.from({ length: 1 + random(14) }, () => make[random(random(2) === 0 ? 4 : make.length)]!());
  return concat(SETTINGS, ...frames);
}

test.each([
  ["changed a little", hold],
  ["put together from frames", (_: Uint8Array, random: Random) => hold(someFrames(random), random)],
])(
  "answers over HTTP/2: %s",
  (name, attempt) => {
    const { inputs } = fuzz(SEEDS, attempt);
    if (process.env.TENK_FUZZ) console.log(`${name}: ${inputs} inputs`);
    expect(inputs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
