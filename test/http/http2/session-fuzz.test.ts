/** Sessions without sockets, given broken and foreign frames: whatever comes, each exchange ends once and nothing throws. */
import { expect, test } from "bun:test";
import type { Exchange } from "../../../src/http/exchange.ts";
import { Http2Server, type Http2Session } from "../../../src/http/http2/mod.ts";
import type { Connection } from "../../../src/net/mod.ts";
import { FrameFlag, FrameType, PREFACE } from "../../../src/wire/http2/mod.ts";
import { fuzz, type Random } from "../../wire/fuzz.ts";
import { concat, hex } from "../../wire/support.ts";
import { block, encoder, frame, get, post, Recorder, request, uint32 } from "./support.ts";

const TIMEOUT_MS = 3_600_000;
const SETTINGS = frame(FrameType.settings, 0, 0);
const begin = (...frames: Uint8Array[]) => concat(PREFACE, SETTINGS, ...frames);
const SEEDS = [
  begin(
    request(1, get()),
    request(3, get("/x", "cookie: a=b", "cookie: c=d")),
    frame(FrameType.ping, 0, 0, new Uint8Array(8)),
  ),
  begin(
    request(1, post("/", "content-length: 10"), false),
    frame(FrameType.data, 0, 1, encoder.encode("hello")),
    frame(FrameType.data, FrameFlag.endStream | FrameFlag.padded, 1, encoder.encode("\u0002worldxx")),
    frame(FrameType.windowUpdate, 0, 1, uint32(5)),
    frame(FrameType.rstStream, 0, 1, uint32(8)),
  ),
  begin(
    frame(
      FrameType.headers,
      FrameFlag.padded | FrameFlag.priority,
      1,
      concat(hex("02 00000003 10"), block(get()), hex("0000")),
    ),
    frame(FrameType.continuation, FrameFlag.endHeaders, 1, block(["a: b"])),
    frame(FrameType.data, 0, 1, encoder.encode("content")),
    frame(FrameType.headers, FrameFlag.endHeaders | FrameFlag.endStream, 1, block(["x-sum: 1"])),
    frame(FrameType.priority, 0, 1, hex("0000000010")),
  ),
  begin(
    frame(FrameType.settings, 0, 0, hex("0004 00000003 0001 00000000 0005 00004000")),
    request(1, get()),
    frame(FrameType.windowUpdate, 0, 0, uint32(70_000)),
    frame(FrameType.settings, 0, 0, hex("0004 00010000")),
    frame(FrameType.goAway, 0, 0, uint32(1, 0)),
  ),
  begin(
    request(1, [":method: CONNECT", ":protocol: websocket", ...get("/ws").slice(1)], false),
    frame(FrameType.data, 0, 1, encoder.encode("frame")),
    frame(FrameType.data, FrameFlag.endStream, 1),
  ),
];

/** As much of a connection as a session uses. */
function fakeConnection(random: Random) {
  const state = { written: 0, end: "", full: false };
  const connection = {
    remoteAddress: "192.0.2.1",
    tls: undefined,
    data: undefined as unknown as Http2Session,
    get full() {
      return state.full;
    },
    write(bytes: Uint8Array) {
      state.written += bytes.length;
      state.full = random(6) === 0;
      return bytes.length;
    },
    deadline() {},
    end: () => Object.assign(state, { end: "end" }),
    finish: (_: number, reason: string) => Object.assign(state, { end: reason }),
    reset: (reason: string) => Object.assign(state, { end: reason }),
  };
  return { connection: connection as unknown as Connection<Http2Session>, state };
}

/** Does something that a handler may do, now or later. */
function act(exchange: Exchange, random: Random): void {
  switch (random(9)) {
    case 0:
      exchange.pauseBody();
      break;
    case 1:
      exchange.resumeBody();
      break;
    case 2:
      exchange.fail(404);
      break;
    case 3:
      exchange.abort("aborted");
      break;
    case 4:
      exchange.begin(101);
      exchange.sendHead(-3);
      exchange.tunnel();
      break;
    case 5:
      exchange.begin(200).field("x-a", "b".repeat(random(200)));
      break;
    case 6:
      exchange.sendHead(random(3) === 0 ? 5 : -1, encoder.encode("hello"));
      break;
    case 7:
      exchange.send(new Uint8Array(random(40_000)));
      break;
    default:
      exchange.end();
  }
}

test(
  "any frames, and a handler that does anything at any time",
  () => {
    const { inputs } = fuzz(SEEDS, (bytes, random) => {
      const recorder = new Recorder();
      const later: Exchange[] = [];
      let thrown: unknown;
      const acts = (exchange: Exchange) => {
        later.push(exchange);
        try {
          for (let count = random(4); count > 0; count--) act(exchange, random);
        } catch (error) {
          // The session would take it for the handler's own.
          thrown = error;
        }
      };
      Object.assign(recorder, { onRequest: acts, onBody: acts, onEnd: acts, onDrain: () => {} });
      const server = new Http2Server(recorder, { maxHeadBytes: 2000, streamWindowBytes: 70_000 });
      const { connection, state } = fakeConnection(random);
      server.open(connection);
      for (let at = 0; at < bytes.length && state.end === ""; ) {
        const size = 1 + random(random(3) === 0 ? bytes.length : 30);
        server.chunk(connection, bytes.subarray(at, at + size));
        at += size;
        if (later.length > 0) act(later[random(later.length)]!, random);
        if (random(8) === 0) {
          state.full = false;
          server.drain(connection);
        }
      }
      if (random(4) === 0) server.shutdown(connection);
      if (random(4) === 0) server.end(connection);
      if (thrown !== undefined) throw thrown;
      if (state.end === "handler-error") throw new Error("the session threw");
      server.close(connection, "peer");
      for (const exchange of later) act(exchange, random);
      const finished = recorder.events.filter((event) => event.startsWith("finished")).length;
      if (finished !== recorder.exchanges.length)
        throw new Error(`${recorder.exchanges.length} exchanges, ${finished} ended`);
      if (state.written > 2_000_000) throw new Error(`${state.written} bytes for ${bytes.length}`);
    });
    expect(inputs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
