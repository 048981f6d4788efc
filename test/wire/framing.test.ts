import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  delimiter,
  FRAME_BAD_LENGTH,
  FRAME_TOO_LONG,
  type Framing,
  fixed,
  lengthPrefixed,
  lines,
  writeLengthPrefix,
} from "../../src/wire/mod.ts";
import { hex, latin1 } from "./support.ts";

/** The first frame's whole length, and its payload when it has one. */
function measured(framing: Framing, bytes: Uint8Array, at = 0): [number, string?] {
  const span = { start: 0, end: 0 };
  const length = framing.measure(bytes, at, bytes.length, 0, span);
  return length > 0 ? [length, Buffer.from(bytes.subarray(span.start, span.end)).toString("latin1")] : [length];
}

describe("a frame is measured:", () => {
  const cases: [what: string, framing: Framing, bytes: Uint8Array, expected: [number, string?]][] = [
    ["a line", lines(), latin1("ab\ncd"), [3, "ab"]],
    ["a line with CRLF", lines(), latin1("ab\r\ncd"), [4, "ab"]],
    ["an empty line", lines(), latin1("\n"), [1, ""]],
    ["an empty line with CRLF", lines(), latin1("\r\n"), [2, ""]],
    ["a line with a CR inside", lines(), latin1("a\rb\n"), [4, "a\rb"]],
    ["a line that keeps its end", lines({ keepEnd: true }), latin1("ab\r\n"), [4, "ab\r\n"]],
    ["no line yet", lines(), latin1("ab\r"), [0]],
    ["the longest line", lines({ maxBytes: 2 }), latin1("ab\n"), [3, "ab"]],
    ["the longest line with CRLF", lines({ maxBytes: 2 }), latin1("ab\r\n"), [4, "ab"]],
    ["what may be the longest line", lines({ maxBytes: 2 }), latin1("ab\r"), [0]],
    ["a line too long", lines({ maxBytes: 2 }), latin1("abc\n"), [FRAME_TOO_LONG]],
    ["a line too long without an end", lines({ maxBytes: 2 }), latin1("abcd"), [FRAME_TOO_LONG]],
    ["one with a delimiter", delimiter("--"), latin1("a-b--c"), [5, "a-b"]],
    ["one that keeps its delimiter", delimiter("--", { keepEnd: true }), latin1("a--"), [3, "a--"]],
    ["a delimiter of bytes", delimiter(hex("00ff")), hex("61 00 00ff"), [4, "a\0"]],
    ["half a delimiter", delimiter("--"), latin1("a-"), [0]],
    ["the longest with a delimiter", delimiter("--", { maxBytes: 1 }), latin1("a--"), [3, "a"]],
    ["what may be the longest with a delimiter", delimiter("--", { maxBytes: 1 }), latin1("a-"), [0]],
    ["one too long, with its delimiter", delimiter("--", { maxBytes: 1 }), latin1("ab--"), [FRAME_TOO_LONG]],
    ["one too long, without a delimiter", delimiter("--", { maxBytes: 1 }), latin1("abc"), [FRAME_TOO_LONG]],
    ["1 byte of length", lengthPrefixed({ lengthBytes: 1 }), hex("02 6162 63"), [3, "ab"]],
    ["2 bytes of length", lengthPrefixed({ lengthBytes: 2 }), hex("0002 6162"), [4, "ab"]],
    ["2 bytes of length, little", lengthPrefixed({ lengthBytes: 2, endian: "little" }), hex("0200 6162"), [4, "ab"]],
    ["4 bytes of length", lengthPrefixed(), hex("00000002 6162"), [6, "ab"]],
    ["8 bytes of length", lengthPrefixed({ lengthBytes: 8 }), hex("0000000000000002 6162"), [10, "ab"]],
    ["an empty one", lengthPrefixed(), hex("00000000"), [4, ""]],
    ["a length that counts itself", lengthPrefixed({ includesItself: true }), hex("00000006 6162"), [6, "ab"]],
    ["one below itself", lengthPrefixed({ includesItself: true }), hex("00000003 6162"), [FRAME_BAD_LENGTH]],
    ["half a length", lengthPrefixed(), hex("000000"), [0]],
    ["the longest", lengthPrefixed({ lengthBytes: 1, maxBytes: 2 }), hex("02 6162"), [3, "ab"]],
    ["one too long", lengthPrefixed({ lengthBytes: 1, maxBytes: 2 }), hex("03"), [FRAME_TOO_LONG]],
    ["2^64 - 1", lengthPrefixed({ lengthBytes: 8 }), hex("ffffffffffffffff"), [FRAME_TOO_LONG]],
    ["a fixed size", fixed(2), latin1("abc"), [2, "ab"]],
    ["not yet a fixed size", fixed(4), latin1("abc"), [0]],
  ];
  test.each(cases)("%s", (_, framing, bytes, expected) => {
    expect(measured(framing, bytes)).toEqual(expected);
    const shifted = new Uint8Array([9, 10, 45, ...bytes]);
    expect(measured(framing, shifted, 3)).toEqual(expected);
  });

  test("bytes behind the end are not read", () => {
    const span = { start: 0, end: 0 };
    expect(lines().measure(latin1("ab\n"), 0, 2, 0, span)).toBe(0);
    expect(delimiter("--").measure(latin1("ab--"), 0, 3, 0, span)).toBe(0);
    expect(fixed(3).measure(latin1("abc"), 0, 2, 0, span)).toBe(0);
  });

  test("an announced length is reported before the frame is complete", () => {
    const span = { start: 0, end: 0 };
    expect([lengthPrefixed({ lengthBytes: 2 }).measure(hex("0064 61"), 0, 3, 0, span), span.end]).toEqual([0, 102]);
  });
});

const framings: [string, Framing][] = [
  ["lines", lines({ maxBytes: 40 })],
  ["lines with CRLF", lines({ maxBytes: 40, newline: "\r\n" })],
  ["lines that keep their ends", lines({ maxBytes: 40, keepEnd: true })],
  ["a delimiter", delimiter("aab", { maxBytes: 40 })],
  ["a delimiter that is kept", delimiter("aab", { maxBytes: 40, keepEnd: true })],
  ["1 byte", lengthPrefixed({ lengthBytes: 1, maxBytes: 40 })],
  ["2 bytes, little, itself", lengthPrefixed({ lengthBytes: 2, endian: "little", includesItself: true, maxBytes: 40 })],
  ["4 bytes, itself", lengthPrefixed({ lengthBytes: 4, includesItself: true, maxBytes: 40 })],
  ["8 bytes, little", lengthPrefixed({ lengthBytes: 8, endian: "little", maxBytes: 40 })],
  ["a fixed size", fixed(5)],
];

test.each(framings)("a frame encoded by %s is measured with the same payload, or refused", (_, framing) => {
  const byte = fc.constantFrom(...latin1("ab\n\r\0"), 255);
  const ending = fc.constantFrom("", "\n", "aab");
  let encoded = 0;
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 48 }), ending, (bytes, end) => {
      const payload = new Uint8Array([...bytes, ...latin1(end)]);
      let frame: Uint8Array;
      try {
        frame = framing.encode(payload);
      } catch (error) {
        expect((error as { code?: string }).code).toBe("invalid-option");
        return;
      }
      encoded += 1;
      expect(measured(framing, frame)).toEqual([frame.length, Buffer.from(payload).toString("latin1")]);
      expect(frame.length).toBeLessThanOrEqual(framing.maxFrameBytes);
    }),
    { numRuns: 500 },
  );
  expect(encoded).toBeGreaterThan(3);
});

test("a length prefix written separately equals the one that encode writes", () => {
  for (const lengthBytes of [1, 2, 4, 8] as const) {
    for (const endian of ["big", "little"] as const) {
      for (const includesItself of [false, true]) {
        const options = { lengthBytes, endian, includesItself };
        const field = new Uint8Array(lengthBytes + 1);
        expect(writeLengthPrefix(field, 1, 200, options)).toBe(lengthBytes);
        const frame = lengthPrefixed(options).encode(new Uint8Array(200));
        expect<Uint8Array>(field.subarray(1)).toEqual(frame.subarray(0, lengthBytes));
      }
    }
  }
});

test.each([
  () => lines({ maxBytes: 0 }),
  () => lines({ maxBytes: 2 ** 31 }),
  () => delimiter("", {}),
  () => delimiter("x".repeat(33)),
  () => lengthPrefixed({ lengthBytes: 3 as 4 }),
  () => lengthPrefixed({ endian: "middle" as "big" }),
  () => fixed(1.5),
  () => writeLengthPrefix(new Uint8Array(1), 0, 256, { lengthBytes: 1 }),
  () => writeLengthPrefix(new Uint8Array(1), 0, 255, { lengthBytes: 1, includesItself: true }),
  () => writeLengthPrefix(new Uint8Array(4), 0, -1),
  () => lengthPrefixed({ lengthBytes: 1 }).encode(new Uint8Array(256)),
])("a wrong option or payload is refused (case %#)", (make) => {
  expect(make).toThrow(expect.objectContaining({ code: "invalid-option" }));
});
