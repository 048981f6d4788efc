import { describe, expect, test } from "bun:test";
import { CloseCode, encodeClose, isCloseCode, MAX_REASON_BYTES, readClose } from "../../../src/wire/websocket/mod.ts";
import { hex } from "../support.ts";

const read = (bytes: Uint8Array) => readClose(bytes, 0, bytes.length);

test("a close frame has a code and a reason, or nothing", () => {
  expect(read(hex("03 e8"))).toEqual({ code: CloseCode.normal, reason: "" });
  expect(read(encodeClose(4001, "bis bald, ü"))).toEqual({ code: 4001, reason: "bis bald, ü" });
  expect(read(hex(""))).toEqual({ code: CloseCode.none, reason: "" });
});

test("a reason that is too long is cut between characters", () => {
  const payload = encodeClose(1000, "€".repeat(50));
  expect(payload).toHaveLength(2 + MAX_REASON_BYTES);
  expect(read(payload)).toEqual({ code: 1000, reason: "€".repeat(41) });
  expect(read(encodeClose(1000, `a${"€".repeat(50)}`))).toEqual({ code: 1000, reason: `a${"€".repeat(40)}` });
});

describe("refused is", () => {
  test.each([
    ["03", -1002],
    ["03 ed", -1002], // 1005
    ["03 ee", -1002], // 1006
    ["03 f7", -1002], // 1015
    ["00 00", -1002],
    ["13 88", -1002], // 5000
    ["03 e8 ff", -1007],
    ["03 e8 c3", -1007],
    ["03 e8 ed a0 80", -1007],
  ])("%s", (digits, code) => {
    expect(read(hex(digits))).toBe(code as never);
  });
});

test("only registered codes and those of applications are carried", () => {
  const carried = Array.from({ length: 65_536 }, (_, code) => code).filter(isCloseCode);
  const low = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  expect(carried).toEqual([...low, ...Array.from({ length: 2000 }, (_, index) => 3000 + index)]);
});
