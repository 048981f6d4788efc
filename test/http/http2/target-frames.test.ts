/** Frames by which a target breaks a rule, or nearly. */
import { afterEach, describe, expect, test } from "bun:test";
import { FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat } from "../../wire/support.ts";
import { send } from "../client/support.ts";
import { block, frame, uint32 } from "./support.ts";
import { closeAll, data, head, raw } from "./target-support.ts";

afterEach(closeAll);

describe("a frame that ends the connection, or its stream, with the request failed:", () => {
  const OK = [":status: 200"];
  const { headers, continuation, settings, ping, goAway, rstStream, windowUpdate, priority } = FrameType;
  const repeat = (count: number, bytes: Uint8Array) => Array.from({ length: count }, () => bytes);
  test.each<[name: string, frames: Uint8Array[]]>([
    ["content within a head", [frame(headers, 0, 1, block(OK)), data(1, "x")]],
    ["another head within a head", [frame(headers, 0, 1, block(OK)), frame(continuation, 4, 3, block(OK))]],
    ["CONTINUATION without HEADERS", [frame(continuation, 4, 1, block(OK))]],
    ["a flood of CONTINUATION", [frame(headers, 0, 1), ...repeat(100, frame(continuation, 0, 1))]],
    ["a head on no stream", [frame(headers, 0, 0, block(OK))]],
    ["a head on a stream of the target's", [head(2, OK, true)]],
    ["a head on a stream that was not opened", [head(3, OK, true)]],
    ["a head with more padding than payload", [frame(headers, 4 | FrameFlag.padded, 1, Uint8Array.of(9, 0x88))]],
    ["a head with half a priority", [frame(headers, 4 | FrameFlag.priority, 1, new Uint8Array(4))]],
    [
      "a head that depends on itself",
      [frame(headers, 4 | FrameFlag.priority, 1, concat(uint32(1), new Uint8Array(1)))],
    ],
    ["content on a stream that was not opened", [data(3, "x")]],
    ["content on a stream of the target's", [data(2, "x")]],
    ["content with more padding than payload", [head(1, OK), frame(FrameType.data, 8, 1, Uint8Array.of(9, 0))]],
    ["padded content without its length", [head(1, OK), frame(FrameType.data, 8, 1)]],
    ["a flood of padding", [head(1, OK), ...repeat(3000, frame(FrameType.data, 8, 1, Uint8Array.of(0)))]],
    ["RST_STREAM of 5 bytes", [frame(rstStream, 0, 1, new Uint8Array(5))]],
    ["RST_STREAM on a stream that was not opened", [frame(rstStream, 0, 3, uint32(0))]],
    ["SETTINGS on a stream", [frame(settings, 0, 1)]],
    ["SETTINGS of 5 bytes", [frame(settings, 0, 0, new Uint8Array(5))]],
    ["SETTINGS with a window that is none", [frame(settings, 0, 0, Uint8Array.of(0, 4, 0xff, 0xff, 0xff, 0xff))]],
    [
      "SETTINGS by which a window overflows",
      [frame(windowUpdate, 0, 1, uint32(0x7fffffff - 65_535)), frame(settings, 0, 0, Uint8Array.of(0, 4, 0, 1, 0, 0))],
    ],
    ["an acknowledgement with content", [frame(settings, FrameFlag.ack, 0, new Uint8Array(6))]],
    ["a flood of SETTINGS", repeat(400, frame(settings, 0, 0))],
    ["PING on a stream", [frame(ping, 0, 1, new Uint8Array(8))]],
    ["PING of 7 bytes", [frame(ping, 0, 0, new Uint8Array(7))]],
    ["GOAWAY on a stream", [frame(goAway, 0, 1, uint32(0, 0))]],
    ["GOAWAY of 4 bytes", [frame(goAway, 0, 0, uint32(0))]],
    ["WINDOW_UPDATE of 5 bytes", [frame(windowUpdate, 0, 0, new Uint8Array(5))]],
    ["WINDOW_UPDATE of nothing", [frame(windowUpdate, 0, 0, uint32(0))]],
    ["WINDOW_UPDATE of nothing on its stream", [frame(windowUpdate, 0, 1, uint32(0))]],
    ["WINDOW_UPDATE on a stream that was not opened", [frame(windowUpdate, 0, 3, uint32(1))]],
    ["a window that overflows", [frame(windowUpdate, 0, 0, uint32(0x7fffffff))]],
    ["a stream's window that overflows", [frame(windowUpdate, 0, 1, uint32(0x7fffffff))]],
    ["PRIORITY on no stream", [frame(priority, 0, 0, new Uint8Array(5))]],
    ["PRIORITY of 4 bytes", [frame(priority, 0, 1, new Uint8Array(4))]],
    ["a frame that is too long", [frame(ping, 0, 0, new Uint8Array(16_385))]],
  ])("%s", async (_, frames) => {
    const { target } = await raw((socket, count) => void (count === 0 && socket.write(concat(...frames))));
    const got = await send(target).done;
    expect([got.failure?.reason, got.looksWhole]).toEqual(["bad-response", false]);
  });

  test("what comes before SETTINGS", async () => {
    const { target } = await raw((socket) => void socket.write(head(1, OK, true)), {}, new Uint8Array(0));
    expect((await send(target).done).failure?.reason).toBe("bad-response");
  });

  test("and what comes behind the end of an answer is no part of it, also while that is paused", async () => {
    const { target } = await raw((socket, count) => {
      if (count === 0) socket.write(concat(head(1, OK), data(1, "x", true), data(1, "y")));
    });
    const recorder = send(target);
    recorder.onEvent = (event) => event === "200" && recorder.exchange.pause();
    await until(() => recorder.status === 200 && target.counts().open === 0);
    recorder.exchange.resume();
    expect(await recorder.done).toMatchObject({ text: "x", failure: undefined });
  });

  test("but not many small increments, as servers of gRPC send them", async () => {
    const small = concat(...repeat(3000, frame(windowUpdate, 0, 1, uint32(1))));
    const { target } = await raw((socket, count) => {
      if (count === 0)
        socket.write(concat(small, head(1, OK), frame(priority, 0, 1, new Uint8Array(5)), data(1, "x", true)));
    });
    expect(await send(target).done).toMatchObject({ text: "x", failure: undefined });
  });
});
