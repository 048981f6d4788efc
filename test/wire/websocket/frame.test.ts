import { describe, expect, test } from "bun:test";
import {
  applyMask,
  FrameHeader,
  FrameOrder,
  isWebSocketKey,
  MAX_FRAME_HEADER_BYTES,
  Opcode,
  readFrameHeader,
  webSocketAccept,
  writeFrameHeader,
} from "../../../src/wire/websocket/mod.ts";
import { text } from "../plain.ts";
import { concat, hex } from "../support.ts";

const LIMIT = 2 ** 40;
const header = new FrameHeader();

function read(bytes: Uint8Array, isMasked = false, maxPayloadBytes = LIMIT) {
  const length = readFrameHeader(header, bytes, 0, bytes.length, { isMasked, maxPayloadBytes });
  return length > 0 ? { length, ...header } : length;
}

test("the examples of RFC 6455 §5.7 are read", () => {
  const hello = { isFinal: true, opcode: Opcode.text, payloadBytes: 5 };
  expect(read(hex("81 05 48 65 6c 6c 6f"))).toEqual({ length: 2, mask: 0, ...hello });
  expect(read(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), true)).toEqual({ length: 6, mask: 0x37fa213d, ...hello });
  expect(read(hex("01 03"))).toMatchObject({ isFinal: false, opcode: Opcode.text, payloadBytes: 3 });
  expect(read(hex("80 02"))).toMatchObject({ isFinal: true, opcode: Opcode.continuation });
  expect(read(hex("89 05"))).toMatchObject({ opcode: Opcode.ping });
  expect(read(hex("8a 85 37 fa 21 3d"), true)).toMatchObject({ opcode: Opcode.pong });
  expect(read(hex("82 7e 01 00"))).toMatchObject({ length: 4, payloadBytes: 256 });
  expect(read(hex("82 7f 00 00 00 00 00 01 00 00"))).toMatchObject({ length: 10, payloadBytes: 65_536 });
});

describe("refused is", () => {
  test.each([
    ["c1 00", "a reserved bit"],
    ["a1 00", "a reserved bit"],
    ["91 00", "a reserved bit"],
    ["83 00", "an unknown opcode"],
    ["87 00", "an unknown opcode"],
    ["8b 00", "an unknown opcode"],
    ["8f 00", "an unknown opcode"],
    ["09 00", "a fragmented ping"],
    ["08 00", "a fragmented close"],
    ["89 7e 00 7e", "a long ping"],
    ["88 7f", "a long close"],
    ["81 80", "a mask that is not expected"],
    ["82 7e 00 7d", "126 too early"],
    ["82 7f 00 00 00 00 00 00 ff ff", "127 too early"],
    ["82 7f 80 00 00 00 00 00 00 00", "the highest bit of a length"],
  ])("%s: %s", (digits) => {
    expect(read(hex(digits))).toBe(-1002);
  });

  test("a frame without a mask, where one is expected", () => {
    expect(read(hex("81 00"), true)).toBe(-1002);
  });

  test("a payload above the limit, before its mask has come", () => {
    expect(read(hex("82 7e 01 00"), false, 256)).toMatchObject({ payloadBytes: 256 });
    expect(read(hex("82 fe 01 01"), true, 256)).toBe(-1009);
    expect(read(hex("82 7f 7f ff ff ff ff ff ff ff"))).toBe(-1009);
  });
});

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 2 ** 31, 2 ** 32 + 5, LIMIT])(
  "a header for %d bytes is written and read, and is incomplete before its end",
  (payloadBytes) => {
    for (const mask of [undefined, 0, 0x0102_0304, 0xffff_fffe]) {
      const block = new Uint8Array(MAX_FRAME_HEADER_BYTES + 3);
      const end = writeFrameHeader(block, 3, { opcode: Opcode.binary, payloadBytes, isFinal: false }, mask);
      const bytes = block.subarray(3, end);
      const expected = { length: end - 3, isFinal: false, opcode: Opcode.binary, payloadBytes, mask: mask ?? 0 };
      expect(read(bytes, mask !== undefined)).toEqual(expected);
      for (let cut = 0; cut < bytes.length; cut++) expect(read(bytes.subarray(0, cut), mask !== undefined)).toBe(0);
    }
  },
);

test("a mask is applied in pieces of any size, and applied twice it is gone", () => {
  const payload = hex("7f 9f 4d 51 58");
  applyMask(payload, 0, 5, 0x37fa213d);
  expect(text(payload)).toBe("Hello");
  const plain = Uint8Array.from({ length: 23 }, (_, index) => index * 11);
  const masked = plain.map((byte, index) => byte ^ [0x81, 2, 3, 0xf4][index % 4]!);
  for (let first = 0; first <= 23; first++) {
    for (let second = first; second <= 23; second++) {
      const bytes = concat(hex("aa"), masked, hex("bb"));
      applyMask(bytes, 1, 1 + first, 0x810203f4);
      applyMask(bytes, 1 + first, 1 + second, 0x810203f4, first);
      applyMask(bytes, 1 + second, 24, 0x810203f4, second);
      expect(bytes).toEqual(concat(hex("aa"), plain, hex("bb")));
    }
  }
});

describe("the order of frames", () => {
  const ordered = (frames: string, maxMessageBytes = 1000) => {
    const order = new FrameOrder(maxMessageBytes);
    return frames.split(" ").map((frame) => {
      const opcode = Opcode[frame.replace(/[.\d]+/, "") as keyof typeof Opcode];
      const payloadBytes = Number(/\d+/.exec(frame)?.[0] ?? 1);
      return order.take({ isFinal: !frame.endsWith(".."), opcode, payloadBytes, mask: 0 });
    });
  };

  test.each([
    ["text binary ping text", [0, 0, 0, 0]],
    ["text.. ping continuation.. pong continuation text", [0, 0, 0, 0, 0, 0]],
    ["continuation", [-1002]],
    ["text.. text", [0, -1002]],
    ["text continuation", [0, -1002]],
    ["close ping", [0, -1002]],
    ["text.. close", [0, 0]],
    ["text1000 text1000", [0, 0]],
    ["text1001", [-1009]],
    ["text600.. ping100 continuation401", [0, 0, -1009]],
    ["text600.. continuation400.. continuation0 text1000", [0, 0, 0, 0]],
  ])("%s", (frames, results) => {
    expect(ordered(frames) as number[]).toEqual(results);
  });
});

test("handshake keys are sixteen bytes in base64, and their answer is that of RFC 6455 §1.3", () => {
  expect(webSocketAccept("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect(isWebSocketKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe(true);
  for (const key of ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25j", "ää=="]) {
    expect(isWebSocketKey(key)).toBe(false);
  }
});
