import { describe, expect, test } from "bun:test";
import {
  copyRun,
  fieldLine,
  LAST_CHUNK,
  MAX_CHUNK_HEAD_BYTES,
  statusLine,
  statusText,
  writeAscii,
  writeChunkHead,
  writeDecimal,
  writeHex,
} from "../../../src/wire/http1/mod.ts";
import { text } from "../plain.ts";

/** What `write` put at position 2 of a block. */
function written(write: (target: Uint8Array, at: number) => number): string {
  const block = new Uint8Array(64);
  return text(block.subarray(2, write(block, 2)));
}

const NUMBERS = [
  0,
  1,
  9,
  10,
  15,
  16,
  99,
  100,
  255,
  256,
  4095,
  65_536,
  999_999,
  2 ** 31,
  2 ** 32,
  2 ** 40 + 1,
  2 ** 48 - 1,
];

test.each([...NUMBERS, Number.MAX_SAFE_INTEGER])("%d is written in decimal and hexadecimal", (number) => {
  expect(written((target, at) => writeDecimal(target, at, number))).toBe(String(number));
  expect(written((target, at) => writeHex(target, at, number))).toBe(number.toString(16));
});

test("a chunk's head, texts and runs are written", () => {
  expect(written((target, at) => writeChunkHead(target, at, 255))).toBe("ff\r\n");
  expect(written((target, at) => writeChunkHead(target, at, Number.MAX_SAFE_INTEGER)).length).toBe(
    MAX_CHUNK_HEAD_BYTES,
  );
  expect(text(LAST_CHUNK)).toBe("0\r\n\r\n");
  expect(written((target, at) => writeAscii(target, at, "abc"))).toBe("abc");
  const source = Uint8Array.from({ length: 200 }, (_, index) => index);
  for (const length of [0, 1, 63, 64, 65, 190]) {
    const block = new Uint8Array(200);
    expect(copyRun(block, 3, source, 5, 5 + length)).toBe(3 + length);
    expect(block.subarray(3, 3 + length)).toEqual(source.subarray(5, 5 + length));
    expect(block[3 + length]).toBe(0);
  }
});

test("status lines have the registry's reason phrases, and none for unknown ones", () => {
  expect(text(statusLine(404))).toBe("HTTP/1.1 404 Not Found\r\n");
  expect(statusLine(404)).toBe(statusLine(404));
  expect(text(statusLine(599))).toBe("HTTP/1.1 599 \r\n");
  expect(statusText(502)).toBe("Bad Gateway");
});

describe("a prepared field line", () => {
  test("is name, colon, value and line end", () => {
    expect(text(fieldLine("X-Name", "a b\xff"))).toBe("X-Name: a b\xff\r\n");
    expect(text(fieldLine("X", ""))).toBe("X: \r\n");
  });

  test.each([
    ["", "a"],
    ["a b", "a"],
    ["a:", "a"],
    ["a", "b\r\nc: d"],
    ["a", "b\0"],
    ["a", " b"],
    ["a", "€"],
  ])("does not take %j: %j", (name, value) => {
    expect(() => fieldLine(name, value)).toThrow("Invalid");
  });
});
