import { expect, test } from "bun:test";
import {
  ErrorCode,
  encodeSettings,
  errorCodeName,
  frameLength,
  PeerSettings,
  readUint31,
  readUint32,
  SettingId,
  writeFrameHeader,
} from "../../../src/wire/http2/mod.ts";

const apply = (...settings: [number, number][]) => {
  const bytes = encodeSettings(settings);
  const peer = new PeerSettings();
  return { error: peer.apply(bytes, 0, bytes.length), peer };
};

test("settings are taken over in order, and unknown ones ignored", () => {
  const { error, peer } = apply([SettingId.initialWindowSize, 1], [99, 7], [SettingId.initialWindowSize, 2 ** 31 - 1]);
  expect(error).toBe(ErrorCode.noError);
  expect([peer.initialWindowBytes, peer.headerTableBytes, peer.maxFrameBytes]).toEqual([2 ** 31 - 1, 4096, 16_384]);
  expect(apply([SettingId.enableConnectProtocol, 1]).peer.enableConnectProtocol).toBe(true);
});

test.each([
  ["ENABLE_PUSH", SettingId.enablePush, 2, ErrorCode.protocolError],
  ["INITIAL_WINDOW_SIZE", SettingId.initialWindowSize, 2 ** 31, ErrorCode.flowControlError],
  ["MAX_FRAME_SIZE below the least", SettingId.maxFrameSize, 16_383, ErrorCode.protocolError],
  ["MAX_FRAME_SIZE above the most", SettingId.maxFrameSize, 2 ** 24, ErrorCode.protocolError],
  ["ENABLE_CONNECT_PROTOCOL", SettingId.enableConnectProtocol, 2, ErrorCode.protocolError],
])("an invalid value is an error: %s", (_, id, value, expected) => {
  expect(apply([id, value]).error).toBe(expected);
});

test("a payload that is cut off is an error of the frame's size", () => {
  expect(new PeerSettings().apply(new Uint8Array(5), 0, 5)).toBe(ErrorCode.frameSizeError);
});

test("a frame's header is read as it was written", () => {
  const out = new Uint8Array(12).fill(0xff);
  expect(writeFrameHeader(out, 1, 0x123456, 9, 4, 0x7fffffff)).toBe(10);
  expect([frameLength(out, 1), out[4], out[5], readUint31(out, 6), out[10]]).toEqual([
    0x123456, 9, 4, 0x7fffffff, 0xff,
  ]);
  out.set([0xff, 0xff, 0xff, 0xfe]);
  expect([readUint31(out, 0), readUint32(out, 0)]).toEqual([0x7ffffffe, 0xfffffffe]);
});

test("error codes have the names of the RFC", () => {
  expect([errorCodeName(0), errorCodeName(11), errorCodeName(99)]).toEqual(["NO_ERROR", "ENHANCE_YOUR_CALM", "0x63"]);
});
