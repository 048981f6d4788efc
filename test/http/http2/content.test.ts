import { describe, expect, test } from "bun:test";
import { ErrorCode, FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat } from "../../wire/support.ts";
import {
  answer,
  block,
  decoder,
  echoAll,
  encoder,
  frame,
  get,
  handle,
  post,
  type RawClient,
  type Recorder,
  request,
  serve,
  uint32,
} from "./support.ts";

describe("content of a request", () => {
  test("comes as it was sent, with trailers, and answers' trailers go back", async () => {
    await using served = await serve({}, (recorder) => {
      echoAll(recorder);
      recorder.onEnd = (exchange) => recorder.endWithTrailers(exchange, "grpc-status: 0");
    });
    const client = served.connect();
    client.request(1, post("/", "te: trailers"), false);
    client.data(1, "hello ");
    client.write(
      frame(
        FrameType.data,
        FrameFlag.padded,
        1,
        concat(new Uint8Array([2]), encoder.encode("world"), new Uint8Array(2)),
      ),
    );
    client.write(frame(FrameType.headers, FrameFlag.endHeaders | FrameFlag.endStream, 1, block(["x-sum: 1"])));
    expect((await client.answer(1)).content).toBe("hello world");
    expect(client.head(1, 1)).toEqual(["grpc-status: 0"]);
    expect(served.recorder.events.filter((event) => !event.startsWith("body "))).toEqual([
      "request POST /",
      "bodyEnd x-sum: 1",
      "finished 200 answered",
    ]);
  });

  test("that is paused waits, its window is not opened, and it goes on where it was", async () => {
    const window = 100_000;
    await using served = await serve({ streamWindowBytes: window, connectionWindowBytes: 4 * window }, (recorder) => {
      echoAll(recorder);
      const { onRequest } = recorder;
      recorder.onRequest = (exchange, target) => {
        exchange.pauseBody();
        onRequest(exchange, target);
      };
    });
    const client = served.connect();
    client.request(1, post(), false);
    const content = new Uint8Array(window).map((_, index) => 97 + (index % 26));
    for (let at = 0; at < window; at += 10_000) client.data(1, content.subarray(at, at + 10_000));
    await client.ping();
    expect(client.of(FrameType.windowUpdate, 1)).toHaveLength(0);
    expect(served.recorder.events).toEqual(["request POST /"]);
    // Another stream is not held up.
    client.request(3, get("/"), true);
    await until(() => served.recorder.events.length === 2);
    served.recorder.exchanges[0]!.resumeBody();
    client.data(1, "", true);
    client.write(
      frame(FrameType.windowUpdate, 0, 1, uint32(window)),
      frame(FrameType.windowUpdate, 0, 0, uint32(window)),
    );
    expect((await client.answer(1)).content).toBe(decoder.decode(content));
    const opened = client.of(FrameType.windowUpdate, 1).map(({ payload }) => new DataView(payload.buffer).getUint32(0));
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(window);
  });

  test("beyond a window ends the stream, beyond the connection's the connection", async () => {
    await using served = await serve({ streamWindowBytes: 70_000, connectionWindowBytes: 80_000 }, (recorder) =>
      handle(recorder, (exchange) => exchange.pauseBody()),
    );
    const client = served.connect();
    const send = (streamId: number, bytes: number) => {
      client.request(streamId, post(), false);
      for (let left = bytes; left > 0; left -= 10_000) client.data(streamId, new Uint8Array(Math.min(left, 10_000)));
    };
    send(1, 70_001);
    expect(await client.reset(1)).toBe(ErrorCode.flowControlError);
    send(3, 70_000);
    send(5, 10_001);
    expect(await client.goAway()).toBe(ErrorCode.flowControlError);
  });

  test.each([
    ["paused when its client resets it", {}, [], (client: RawClient, id: number) => client.resetStream(id)],
    ["above the limit", { maxBodyBytes: 4000 }, [], () => {}],
    ["longer than announced", {}, ["content-length: 4000"], () => {}],
  ])("that is %s leaves the connection's window to others", async (_, limits, fields, end) => {
    const window = 100_000;
    await using served = await serve({ connectionWindowBytes: window, ...limits }, (recorder) =>
      handle(recorder, (exchange) => exchange.pauseBody()),
    );
    const client = served.connect();
    for (let id = 1; id < 61; id += 2) {
      client.request(id, post("/", ...fields), false);
      client.data(id, new Uint8Array(8000));
      end(client, id);
    }
    await client.ping();
    const opened = client.of(FrameType.windowUpdate, 0).map(({ payload }) => new DataView(payload.buffer).getUint32(0));
    const taken = opened.reduce((sum, each) => sum + each, 0);
    // That which the connection's window is opened by beyond the usual one, and half a window that it may be behind.
    expect(taken).toBeGreaterThanOrEqual(30 * 8000 - window / 2);
    expect(client.of(FrameType.goAway)).toEqual([]);
  });

  test.each([
    ["shorter", "content-length: 5", "abcd"],
    ["longer", "content-length: 3", "abcd"],
  ])("that is %s than announced is reset", async (_, line, content) => {
    await using served = await serve({}, (recorder) => handle(recorder, () => {}));
    const client = served.connect();
    client.request(1, post("/", line), false);
    client.data(1, content, true);
    expect(await client.reset(1)).toBe(ErrorCode.protocolError);
    expect(served.recorder.events.at(-1)).toBe("finished 0 bad-body");
  });

  test("above the limit gets 413: announced, of the server's limit, and of the handler's", async () => {
    await using served = await serve({ maxBodyBytes: 10 }, (recorder) =>
      handle(recorder, (exchange, target) => {
        if (target === "/announced") exchange.limitBody(5);
      }),
    );
    const client = served.connect();
    client.request(1, post("/announced", "content-length: 6"), false);
    expect((await client.answer(1)).head[0]).toBe(":status: 413");
    client.request(3, post(), false);
    client.data(3, "12345678901");
    expect((await client.answer(3)).head[0]).toBe(":status: 413");
  });

  test("after an early answer is dropped, up to half a window", async () => {
    const window = 70_000;
    await using served = await serve({ streamWindowBytes: window });
    const client = served.connect();
    client.request(1, post("/early"), false);
    expect((await client.answer(1)).content).toBe("you asked for /early");
    client.data(1, new Uint8Array(10_000), true);
    client.request(3, post("/early"), false);
    for (let count = 0; count < 4; count++) client.data(3, new Uint8Array(10_000));
    expect(await client.reset(3)).toBe(ErrorCode.noError);
    expect(client.of(FrameType.rstStream, 1)).toHaveLength(0);
    expect(served.recorder.events.some((event) => event.startsWith("body"))).toBe(false);
  });

  test("after an early answer has the length that was announced all the same", async () => {
    await using served = await serve();
    const client = served.connect();
    client.request(1, post("/early", "content-length: 3"), false);
    await client.answer(1);
    client.data(1, "four");
    expect(await client.reset(1)).toBe(ErrorCode.protocolError);
  });

  test("is asked for by 100 where the client waits for that", async () => {
    await using served = await serve({}, (recorder) => {
      echoAll(recorder);
      recorder.onRequest = () => {};
      recorder.onBody = () => {};
      recorder.onEnd = (exchange) => answer(exchange, "done");
    });
    const client = served.connect();
    client.request(1, post("/", "expect: 100-continue"), false);
    await until(() => client.head(1) !== undefined);
    expect(client.head(1)).toEqual([":status: 100"]);
    client.data(1, "x", true);
    await client.answer(1);
    expect(client.head(1, 1)?.[0]).toBe(":status: 200");
  });
});

describe("an answer larger than the client's windows", () => {
  const SIZE = 300_000;
  const content = new Uint8Array(SIZE).map((_, index) => 97 + (index % 26));
  const large = (recorder: Recorder) =>
    handle(recorder, (exchange) => {
      exchange.begin(200);
      exchange.sendHead(SIZE);
      let at = 0;
      recorder.onDrain = () => {
        for (; !exchange.full && at < SIZE; at += 50_000) exchange.send(content, at, at + 50_000);
        if (at === SIZE) exchange.end();
      };
      recorder.onDrain(exchange);
    });

  test("waits for them, tells the handler to wait, and arrives whole", async () => {
    await using served = await serve({}, large);
    const client = served.connect([4, 20_000]);
    client.request(1, get());
    await client.ping();
    expect(client.content(1).length).toBe(20_000);
    const [exchange] = served.recorder.exchanges;
    expect([exchange?.full, exchange?.responseBodyBytes]).toEqual([true, 100_000]);
    while (!client.hasEnded(1)) {
      client.write(
        frame(FrameType.windowUpdate, 0, 1, uint32(30_000)),
        frame(FrameType.windowUpdate, 0, 0, uint32(30_000)),
      );
      await client.ping();
    }
    expect(client.content(1)).toBe(decoder.decode(content));
    expect(served.recorder.events.filter((event) => event === "drain").length).toBeGreaterThan(1);
  });

  test("is let go by SETTINGS, whose acknowledgement comes first", async () => {
    await using served = await serve({}, large);
    const client = served.connect([4, 0]);
    client.request(1, get());
    await client.ping();
    const count = client.frames.length;
    client.write(frame(FrameType.settings, 0, 0, concat(new Uint8Array([0, 4]), uint32(10_000))));
    await client.ping();
    const [ack, data] = client.frames.slice(count);
    expect([ack?.type, ack?.flags, data?.type, data?.payload.length]).toEqual([
      FrameType.settings,
      1,
      FrameType.data,
      10_000,
    ]);
  });

  test("shares the connection's window with others by turns", async () => {
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange) => {
        exchange.begin(200);
        exchange.sendHead(-1);
        exchange.send(content, 0, 200_000);
        exchange.end();
      }),
    );
    const client = served.connect([4, 1_000_000]);
    client.write(request(1, get()), request(3, get()));
    await client.ping();
    client.write(frame(FrameType.windowUpdate, 0, 0, uint32(131_072)));
    await client.ping();
    expect(client.content(3).length).toBe(4 * 16_384);
  });

  test("is dropped when the client resets its stream, and the connection goes on", async () => {
    await using served = await serve({}, (recorder) => {
      large(recorder);
    });
    const client = served.connect([4, 1000]);
    client.request(1, get());
    await client.ping();
    client.write(frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
    await client.ping();
    expect(served.recorder.events.at(-1)).toBe("finished 200 client-gone");
    // What a target still sends does no harm.
    served.recorder.exchanges[0]!.send(content);
    served.recorder.exchanges[0]!.end();
    client.request(3, get());
    await until(() => client.head(3) !== undefined);
  });

  test("waits for a slow reader of the connection itself, and arrives whole", async () => {
    // More than the kernel takes.
    const size = 12_000_000;
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange) => {
        exchange.begin(200);
        exchange.sendHead(size, new Uint8Array(size).fill(120));
        exchange.end();
      }),
    );
    const client = served.connect([4, 0x7fffffff]);
    client.write(frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff - 65_535)));
    await client.ping();
    client.socket.pause();
    client.request(1, get());
    await until(() => served.server.counts().writeQueueBytes > 0);
    expect(served.server.counts().writeQueueBytes).toBeLessThan(300_000);
    client.socket.resume();
    expect((await client.answer(1)).content.length).toBe(size);
  });
});
