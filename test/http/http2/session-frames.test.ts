/** Frames by which a client breaks a rule: each on a connection of its own, where `/wait` on stream 1 is not answered. */
import { describe, expect, test } from "bun:test";
import { createConnection } from "node:net";
import { ErrorCode, FrameFlag, FrameType, PREFACE } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat } from "../../wire/support.ts";
import { block, frame, get, handle, post, request, serve, uint32 } from "./support.ts";

const { data, headers, continuation, settings, ping, goAway, rstStream, windowUpdate, priority } = FrameType;
const { protocolError, frameSizeError, flowControlError, streamClosed } = ErrorCode;
const { padded, endHeaders, endStream, ack } = FrameFlag;
const HEAD = block(get());
/** An initial window of 65 536 bytes: one more than before. */
const WINDOW = frame(settings, 0, 0, Uint8Array.of(0, 4, 0, 1, 0, 0));
/** As much as a window may be. */
const FULL = uint32(0x7fffffff - 65_535);

async function waiting(isEnd: boolean) {
  const served = await serve({}, (recorder) => handle(recorder, () => {}));
  const client = served.connect();
  client.write(request(1, get("/wait"), isEnd));
  return { served, client };
}

describe("a frame that ends the connection:", () => {
  test.each<[name: string, frames: Uint8Array[], code: ErrorCode]>([
    ["content within a head", [frame(headers, 0, 3, HEAD), frame(data, 0, 1, HEAD)], protocolError],
    ["a head within a head", [frame(headers, 0, 3, HEAD), frame(continuation, endHeaders, 5, HEAD)], protocolError],
    ["CONTINUATION without HEADERS", [frame(continuation, endHeaders, 1, HEAD)], protocolError],
    ["a head on no stream", [frame(headers, endHeaders, 0, HEAD)], protocolError],
    ["a head on a stream of the server's", [frame(headers, endHeaders, 2, HEAD)], protocolError],
    ["a head behind the end", [frame(headers, endHeaders | endStream, 1, HEAD)], streamClosed],
    [
      "a head with more padding than payload",
      [frame(headers, endHeaders | padded, 3, Uint8Array.of(9, 0))],
      protocolError,
    ],
    [
      "a head with half a priority",
      [frame(headers, endHeaders | FrameFlag.priority, 3, new Uint8Array(4))],
      frameSizeError,
    ],
    [
      "a head that depends on itself",
      [frame(headers, endHeaders | FrameFlag.priority, 3, concat(uint32(3), Uint8Array.of(0), HEAD))],
      protocolError,
    ],
    ["content on no stream", [frame(data, 0, 0)], protocolError],
    ["content on a stream that was not opened", [frame(data, 0, 3)], protocolError],
    ["content with more padding than payload", [frame(data, padded, 1, Uint8Array.of(9, 0))], protocolError],
    ["padded content without its length", [frame(data, padded, 1)], frameSizeError],
    ["PRIORITY on no stream", [frame(priority, 0, 0, new Uint8Array(5))], protocolError],
    ["RST_STREAM of 5 bytes", [frame(rstStream, 0, 1, new Uint8Array(5))], frameSizeError],
    ["RST_STREAM on no stream", [frame(rstStream, 0, 0, uint32(0))], protocolError],
    ["RST_STREAM on a stream that was not opened", [frame(rstStream, 0, 3, uint32(0))], protocolError],
    ["SETTINGS on a stream", [frame(settings, 0, 1)], protocolError],
    ["SETTINGS of 5 bytes", [frame(settings, 0, 0, new Uint8Array(5))], frameSizeError],
    [
      "SETTINGS with a window that is none",
      [frame(settings, 0, 0, Uint8Array.of(0, 4, 255, 255, 255, 255))],
      flowControlError,
    ],
    ["SETTINGS by which a window overflows", [frame(windowUpdate, 0, 1, FULL), WINDOW], flowControlError],
    ["an acknowledgement with content", [frame(settings, ack, 0, new Uint8Array(6))], frameSizeError],
    ["PUSH_PROMISE", [frame(FrameType.pushPromise, endHeaders, 1, concat(uint32(2), HEAD))], protocolError],
    ["PING on a stream", [frame(ping, 0, 1, new Uint8Array(8))], protocolError],
    ["PING of 7 bytes", [frame(ping, 0, 0, new Uint8Array(7))], frameSizeError],
    ["GOAWAY on a stream", [frame(goAway, 0, 1, uint32(0, 0))], protocolError],
    ["GOAWAY of 4 bytes", [frame(goAway, 0, 0, uint32(0))], frameSizeError],
    ["WINDOW_UPDATE of 5 bytes", [frame(windowUpdate, 0, 0, new Uint8Array(5))], frameSizeError],
    ["WINDOW_UPDATE of nothing", [frame(windowUpdate, 0, 0, uint32(0))], protocolError],
    ["WINDOW_UPDATE on a stream that was not opened", [frame(windowUpdate, 0, 3, uint32(99))], protocolError],
    ["a window that overflows", [frame(windowUpdate, 0, 0, uint32(0x7fffffff))], flowControlError],
    ["a frame that is too long", [frame(ping, 0, 0, new Uint8Array(16_385))], frameSizeError],
  ])("%s", async (_, frames, code) => {
    const { served, client } = await waiting(true);
    await using each = served;
    client.write(...frames);
    expect(await client.goAway()).toBe(code);
    await until(() => client.closed);
    expect(each.recorder.events.filter((event) => event.startsWith("finished"))).toHaveLength(1);
  });

  test("any before SETTINGS", async () => {
    await using served = await serve();
    const socket = createConnection({ port: served.port, host: "127.0.0.1" });
    socket.on("error", () => {}).resume();
    socket.write(concat(PREFACE, request(1, get())));
    await until(() => served.http2.rejections.protocol === 1 && served.server.counts().active === 0);
    expect(served.recorder.events).toEqual([]);
    socket.destroy();
  });
});

describe("a frame that ends its stream, and no other:", () => {
  test.each<[name: string, isEnd: boolean, frames: Uint8Array[], code: ErrorCode]>([
    ["content behind the end", true, [frame(data, 0, 1, HEAD)], streamClosed],
    ["a second head that is not the end", false, [frame(headers, endHeaders, 1, block(["x: y"]))], protocolError],
    ["trailers that frame", false, [request(1, ["content-length: 3"])], protocolError],
    ["trailers that say who it is", false, [request(1, ["authorization: Basic eDp5"])], protocolError],
    ["trailers with a pseudo-field", false, [request(1, [":path: /other"])], protocolError],
    ["PRIORITY of 4 bytes", true, [frame(priority, 0, 1, new Uint8Array(4))], frameSizeError],
    ["PRIORITY on itself", true, [frame(priority, 0, 1, concat(uint32(1), Uint8Array.of(0)))], protocolError],
    ["WINDOW_UPDATE of nothing", true, [frame(windowUpdate, 0, 1, uint32(0))], protocolError],
    ["a window that overflows", true, [frame(windowUpdate, 0, 1, uint32(0x7fffffff))], flowControlError],
  ])("%s", async (_, isEnd, frames, code) => {
    const { served, client } = await waiting(isEnd);
    await using each = served;
    client.write(...frames);
    expect(await client.reset(1)).toBe(code);
    await client.ping();
    expect(client.of(goAway)).toEqual([]);
    expect(each.recorder.events.filter((event) => event.startsWith("finished"))).toHaveLength(1);
  });

  test.each([
    ["a length, and no content", post("/", "content-length: 3")],
    ["a transfer coding", get("/", "transfer-encoding: chunked")],
    ["TE of more than trailers", get("/", "te: gzip")],
    ["two paths", [...get("/"), ":path: /other"]],
    ["a pseudo-field behind a field", [...get("/", "x: y"), ":path: /other"]],
  ])("a request with %s", async (_, lines) => {
    await using served = await serve();
    const client = served.connect();
    client.request(1, lines);
    expect(await client.reset(1)).toBe(protocolError);
    client.request(3, get());
    expect((await client.answer(3)).head[0]).toBe(":status: 200");
    expect(served.recorder.exchanges).toHaveLength(1);
  });
});
