/**
 * What a hostile client can do without end must have one. Each flood is sent twice: with the limit, where the server says
 * ENHANCE_YOUR_CALM, and with that limit raised, where the same flood is served. So it is this limit that ended it.
 */
import { describe, expect, test } from "bun:test";
import type { Http2ServerOptions } from "../../../src/http/http2/mod.ts";
import { ErrorCode, FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat, hex } from "../../wire/support.ts";
import { block, frame, get, post, type RawClient, type Recorder, request, serve, uint32 } from "./support.ts";

const EIGHT = new Uint8Array(8);
const OPEN = request(1, get("/wait"), false);
const repeat = (count: number, make: (index: number) => Uint8Array) =>
  concat(...Array.from({ length: count }, (_, index) => make(index)));
const streamId = (index: number) => 2 * index + 3;

/** `/wait` is not answered, so that its stream stays open. */
function wait(recorder: Recorder): void {
  const { onRequest } = recorder;
  recorder.onRequest = (exchange, target) => {
    if (target !== "/wait") onRequest(exchange, target);
  };
}

interface Flood {
  name: string;
  rejection: string;
  bytes: Uint8Array;
  limit: Http2ServerOptions;
  raised: Http2ServerOptions;
}

const RESETS = { limit: { resetBurst: 200, resetsPerSecond: 1 }, raised: { resetBurst: 10_000 } };
const PINGS = { limit: { pingBurst: 200, pingsPerSecond: 1 }, raised: { pingBurst: 100_000 } };
const EMPTY = { limit: { emptyFrameBurst: 1000, emptyFramesPerSecond: 1 }, raised: { emptyFrameBurst: 100_000 } };
const LITERAL_BYTES = 4000;
const rst = (id: number) => frame(FrameType.rstStream, 0, id, uint32(ErrorCode.cancel));

const FLOODS: Flood[] = [
  {
    name: "rapid reset (CVE-2023-44487)",
    rejection: "resets",
    bytes: repeat(400, (index) => concat(request(streamId(index), get("/wait")), rst(streamId(index)))),
    ...RESETS,
  },
  {
    name: "MadeYouReset by WINDOW_UPDATE of nothing (CVE-2025-8671)",
    rejection: "resets",
    bytes: repeat(400, (index) =>
      concat(request(streamId(index), get("/wait")), frame(FrameType.windowUpdate, 0, streamId(index), uint32(0))),
    ),
    ...RESETS,
  },
  {
    name: "MadeYouReset by a window that overflows",
    rejection: "resets",
    bytes: repeat(400, (index) =>
      concat(
        request(streamId(index), get("/wait")),
        frame(FrameType.windowUpdate, 0, streamId(index), uint32(0x7fffffff)),
      ),
    ),
    ...RESETS,
  },
  {
    name: "MadeYouReset by DATA behind the end",
    rejection: "resets",
    bytes: repeat(400, (index) =>
      concat(request(streamId(index), get("/wait")), frame(FrameType.data, 0, streamId(index), EIGHT)),
    ),
    ...RESETS,
  },
  {
    name: "MadeYouReset by PRIORITY of a wrong length",
    rejection: "resets",
    bytes: repeat(400, (index) =>
      concat(request(streamId(index), get("/wait")), frame(FrameType.priority, 0, streamId(index), new Uint8Array(4))),
    ),
    ...RESETS,
  },
  {
    name: "MadeYouReset by malformed requests",
    rejection: "resets",
    bytes: repeat(400, (index) => request(streamId(index), get("/", "connection: close"))),
    ...RESETS,
  },
  {
    name: "streams above the limit",
    rejection: "resets",
    bytes: repeat(700, (index) => request(streamId(index), get("/wait"))),
    limit: RESETS.limit,
    raised: { maxConcurrentStreams: 1000 },
  },
  { name: "PING", rejection: "pings", bytes: repeat(400, () => frame(FrameType.ping, 0, 0, EIGHT)), ...PINGS },
  { name: "SETTINGS", rejection: "pings", bytes: repeat(400, () => frame(FrameType.settings, 0, 0)), ...PINGS },
  {
    name: "empty DATA",
    rejection: "empty-frames",
    bytes: concat(
      OPEN,
      repeat(2000, () => frame(FrameType.data, 0, 1)),
    ),
    ...EMPTY,
  },
  {
    name: "DATA of padding only",
    rejection: "empty-frames",
    bytes: concat(
      OPEN,
      repeat(2000, () => frame(FrameType.data, FrameFlag.padded, 1, new Uint8Array([3, 0, 0, 0]))),
    ),
    ...EMPTY,
  },
  {
    name: "WINDOW_UPDATE by the byte",
    rejection: "empty-frames",
    bytes: repeat(2000, () => frame(FrameType.windowUpdate, 0, 0, uint32(1))),
    ...EMPTY,
  },
  {
    name: "CONTINUATION without bytes (CVE-2024-27316)",
    rejection: "continuations",
    bytes: concat(
      frame(FrameType.headers, FrameFlag.endStream, 1, block(get())),
      repeat(100, () => frame(FrameType.continuation, 0, 1)),
      frame(FrameType.continuation, FrameFlag.endHeaders, 1),
    ),
    limit: { maxContinuations: 16 },
    raised: { maxContinuations: 1000 },
  },
  {
    name: "CONTINUATION with bytes",
    rejection: "head-size",
    bytes: concat(
      frame(FrameType.headers, FrameFlag.endStream, 1, block(get())),
      repeat(12, () => frame(FrameType.continuation, 0, 1, block([`a: ${"b".repeat(LITERAL_BYTES)}`]))),
      frame(FrameType.continuation, FrameFlag.endHeaders, 1),
    ),
    limit: { maxHeadBytes: 16_384 },
    raised: { maxHeadBytes: 65_536 },
  },
  {
    name: "an HPACK bomb of long names",
    rejection: "compression",
    // Adds a name of 4000 bytes, then refers to it 4000 times.
    bytes: frame(
      FrameType.headers,
      FrameFlag.endHeaders | FrameFlag.endStream,
      1,
      concat(
        hex(`407fa11e${"62".repeat(LITERAL_BYTES)}00`),
        repeat(4000, () => hex("7e00")),
      ),
    ),
    limit: { maxHeadBytes: 16_384 },
    raised: { maxHeadBytes: 16_000_000 },
  },
];

async function flood(options: Http2ServerOptions, bytes: Uint8Array) {
  const served = await serve(options, wait);
  const client = served.connect();
  client.write(bytes);
  return { served, client };
}

describe("a flood is ended:", () => {
  test.each(FLOODS)("$name", async ({ rejection, bytes, limit, raised }) => {
    {
      const { served, client } = await flood(limit, bytes);
      await using _ = served;
      const expected = rejection === "compression" ? ErrorCode.compressionError : ErrorCode.enhanceYourCalm;
      expect(await client.goAway()).toBe(expected);
      expect((served.http2.rejections as Record<string, number>)[rejection]).toBeGreaterThan(0);
      await until(() => client.closed);
      // Each exchange was told that it is over.
      const { exchanges, events } = served.recorder;
      expect(events.filter((event) => event.startsWith("finished"))).toHaveLength(exchanges.length);
    }
    const { served, client } = await flood(raised, bytes);
    await using _ = served;
    client.request(9999, get("/after"));
    expect((await client.answer(9999)).content).toBe("you asked for /after");
  });
});

describe("HPACK bombs and closed windows together hold no more than the limit:", () => {
  test("a bomb of references is a head that is too large, and nothing else", async () => {
    await using served = await serve({});
    const client = served.connect();
    const bomb = concat(
      block(get()),
      hex(`40016 17fa11e${"62".repeat(LITERAL_BYTES)}`),
      new Uint8Array(10_000).fill(0xbe),
    );
    client.write(frame(FrameType.headers, FrameFlag.endHeaders | FrameFlag.endStream, 1, bomb));
    expect((await client.answer(1)).head[0]).toBe(":status: 431");
    expect(served.recorder.events).toEqual(["answeredItself 431 head-too-long"]);
    client.request(3, get("/after"));
    expect((await client.answer(3)).head[0]).toBe(":status: 200");
  });

  test("heads for a client that reads none of them end its connection", async () => {
    const large = (recorder: Recorder) => {
      recorder.onRequest = (exchange) => {
        exchange.begin(200).field("set-cookie", "~".repeat(8000));
        exchange.sendHead(0);
        exchange.end();
      };
    };
    await using served = await serve({}, large, { writeQueueMaxBytes: 300_000 });
    const client = served.connect();
    await client.ping();
    client.socket.pause();
    // Without content a stream is free again at once, whatever the windows.
    for (let round = 0; served.server.counts().closed["write-queue-full"] === 0; round++) {
      client.write(repeat(200, (index) => request(400 * round + streamId(index), get())));
      const answered = served.recorder.events.length;
      await until(() => served.recorder.events.length > answered || served.server.counts().active === 0);
    }
    expect(served.server.counts().writeQueueBytes).toBe(0);
  });

  test("answers that wait for a window of zero are reset above maxQueuedBytes", async () => {
    const large = (recorder: Recorder) => {
      recorder.onRequest = (exchange) => {
        exchange.begin(200);
        exchange.sendHead(100_000, new Uint8Array(100_000));
        exchange.end();
      };
    };
    await using served = await serve({ maxQueuedBytes: 350_000 }, large);
    const client = served.connect([4, 0]);
    for (let index = 0; index < 5; index++) client.request(2 * index + 1, get());
    await client.ping();
    expect(client.of(FrameType.rstStream).map((each) => each.streamId)).toEqual([7, 9]);
    expect(served.http2.rejections["queued-bytes"]).toBe(2);
    expect(served.recorder.events.filter((event) => event.startsWith("finished"))).toEqual(
      new Array(2).fill("finished 200 aborted"),
    );
    // What was reset is free again.
    client.write(rst(1));
    client.request(11, get());
    await client.ping();
    expect(client.of(FrameType.rstStream)).toHaveLength(2);
  });
});

describe("what stalls is ended:", () => {
  const ended = async (client: RawClient, served: Awaited<ReturnType<typeof serve>>, id: number) => {
    expect(await client.reset(id)).toBe(ErrorCode.cancel);
    expect(served.http2.rejections.stalled).toBe(1);
    expect(served.recorder.events.at(-1)).toBe("finished 200 client-stalled");
  };

  test("an answer whose window stays closed", async () => {
    await using served = await serve({ stallTimeoutMs: 200 });
    const client = served.connect([4, 0]);
    client.request(1, get());
    await ended(client, served, 1);
  });

  test("a request whose content stops, with 408", async () => {
    await using served = await serve({ stallTimeoutMs: 200 }, wait);
    const client = served.connect();
    client.request(1, get("/wait"), false);
    client.data(1, "x");
    expect((await client.answer(1)).head[0]).toBe(":status: 408");
    expect(served.recorder.events.at(-1)).toBe("finished 408 client-stalled");
  });

  test("but not a stream that talks both ways", async () => {
    await using served = await serve({ stallTimeoutMs: 100 }, (recorder) => {
      recorder.onRequest = (exchange) => {
        exchange.begin(200);
        exchange.sendHead(-1);
      };
    });
    const client = served.connect();
    client.request(1, post(), false);
    await until(() => client.head(1) !== undefined);
    const startMs = performance.now();
    await until(() => performance.now() - startMs > 400);
    expect([client.of(FrameType.rstStream).length, served.recorder.events.length]).toEqual([0, 1]);
  });

  test("a head without end, and a preface without one", async () => {
    await using served = await serve({ headTimeoutMs: 200 });
    const client = served.connect();
    client.write(frame(FrameType.headers, 0, 1, block(get())));
    expect(await client.goAway()).toBe(ErrorCode.enhanceYourCalm);
    expect(served.http2.rejections["head-timeout"]).toBe(1);
  });

  test("a connection without requests, by a GOAWAY that is no error", async () => {
    await using served = await serve({ keepAliveMs: 200 });
    const client = served.connect();
    expect(await client.goAway()).toBe(ErrorCode.noError);
    await until(() => client.closed);
  });
});
