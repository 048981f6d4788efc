/** Answers of broken and hostile targets, without sockets: each request ends once, and no broken answer looks whole. */
import { expect, test } from "bun:test";
import { ClientSession } from "../../../src/http/http2/client/session.ts";
import { ClientStream } from "../../../src/http/http2/client/stream.ts";
import { Http2Target } from "../../../src/http/http2/mod.ts";
import type { Connection } from "../../../src/net/mod.ts";
import { FrameFlag, FrameType } from "../../../src/wire/http2/mod.ts";
import { fuzz } from "../../wire/fuzz.ts";
import { concat, hex } from "../../wire/support.ts";
import { blockOf, Recorder } from "../client/support.ts";
import { block, encoder, frame, uint32 } from "./support.ts";

const TIMEOUT_MS = 3_600_000;
const SETTINGS = frame(FrameType.settings, 0, 0);
const head = (streamId: number, lines: string[], flags: number = FrameFlag.endHeaders) =>
  frame(FrameType.headers, flags, streamId, block(lines));
const data = (streamId: number, content: string, flags = 0) =>
  frame(FrameType.data, flags, streamId, encoder.encode(content));

const SEEDS = [
  concat(SETTINGS, head(1, [":status: 200", "content-length: 5"]), data(1, "hello", 1), head(3, [":status: 204"], 5)),
  concat(
    SETTINGS,
    head(1, [":status: 103", "link: x"]),
    head(1, [":status: 200"]),
    data(1, "\u0001ax", FrameFlag.padded),
    head(1, ["grpc-status: 0"], 5),
    frame(FrameType.windowUpdate, 0, 3, uint32(9)),
  ),
  concat(
    frame(FrameType.settings, 0, 0, hex("0004 00000003 0003 00000001")),
    frame(FrameType.headers, 0, 3, block([":status: 200"])),
    frame(FrameType.continuation, FrameFlag.endHeaders, 3, block(["a: b"])),
    data(3, "x"),
    frame(FrameType.rstStream, 0, 1, uint32(7)),
    frame(FrameType.ping, 0, 0, new Uint8Array(8)),
    frame(FrameType.goAway, 0, 0, uint32(1, 0)),
    data(3, "y", 1),
  ),
];

test(
  "any frames, and a caller that pauses, writes and aborts at any time",
  () => {
    const { inputs } = fuzz(SEEDS, (bytes, random) => {
      const target = new Http2Target({ url: "http://127.0.0.1:1", maxHeadBytes: 2000, streamWindowBytes: 70_000 });
      let end = "";
      let written = 0;
      const connection = {
        closed: false,
        full: false,
        write(given: Uint8Array) {
          written += given.length;
        },
        finish(_: number, reason: string) {
          end = reason;
        },
        reset(reason: string) {
          end = reason;
        },
      } as unknown as Connection<ClientSession>;
      const session = new ClientSession(connection, target);
      const requests = [0, 1, 2].map(() => {
        const recorder = new Recorder();
        const isPost = random(2) === 0;
        const given = blockOf(
          "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
          isPost ? { framing: "chunked", isWhole: false } : {},
        );
        const stream = new ClientStream(target, recorder, given);
        recorder.exchange = stream;
        session.begin(stream, given.bytes, given.from, given.to);
        return recorder;
      });
      const aborted = new Set<Recorder>();
      for (let at = 0; at < bytes.length && end === ""; ) {
        const size = 1 + random(random(3) === 0 ? bytes.length : 30);
        session.received(bytes.subarray(at, at + size));
        at += size;
        const recorder = requests[random(requests.length)]!;
        const acts = [
          () => recorder.exchange.pause(),
          () => recorder.exchange.resume(),
          () => recorder.exchange.isWhole || recorder.exchange.write(new Uint8Array(random(9000))),
          () => recorder.exchange.end(),
          () => {
            if (!recorder.isDone) aborted.add(recorder);
            recorder.exchange.abort();
          },
        ];
        acts[random(random(4) === 0 ? 5 : 4)]?.();
        if (random(9) === 0) session.drained();
      }
      if (end === "handler-error") throw new Error("the session threw");
      session.closed("peer");
      for (const recorder of requests) {
        recorder.exchange.resume();
        if (recorder.isDone === aborted.has(recorder)) throw new Error(`ended with ${recorder.events}`);
      }
      if (written > 200_000) throw new Error(`${written} bytes for ${bytes.length}`);
    });
    expect(inputs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
