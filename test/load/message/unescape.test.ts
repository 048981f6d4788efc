import { expect, test } from "bun:test";
import fc from "fast-check";
import { TenkError } from "../../../src/base/mod.ts";
import { unescapeBytes, unescapeText } from "../../../src/load/message/unescape.ts";

const bytesOf = (...bytes: number[]) => new Uint8Array(bytes);

test("every escape stands for its byte", () => {
  const table: [string, number[]][] = [
    ["", []],
    ["plain", [...Buffer.from("plain")]],
    ["\\n\\r\\t", [10, 13, 9]],
    ["\\a\\b\\e\\f\\v", [7, 8, 27, 12, 11]],
    ["\\0", [0]],
    ["\\0a", [0, 97]],
    ["\\012", [10]],
    ["\\0012", [10]],
    ["\\00123", [10, 0x33]],
    ["\\101\\377", [65, 255]],
    ["\\0377", [255]],
    ["\\400", [0o40, 0x30]],
    ["\\x41\\xfF", [65, 255]],
    ["\\x4", [4]],
    ["\\x4g", [4, 103]],
    ["\\\\n", [92, 110]],
    ["\\\"\\'\\{", [34, 39, 123]],
    ["é\\n", [0xc3, 0xa9, 10]],
  ];
  for (const [text, expected] of table) expect({ text, got: [...unescapeText(text)] }).toEqual({ text, got: expected });
});

test("an escape that stands for nothing is refused with its place and what is known", () => {
  const refusals: [string, string][] = [
    ["ab\\q", "Cannot read -m at column 3: unknown escape \\q, expected \\n"],
    ["\\xg", "expected one or two hexadecimal digits after \\x"],
    ["end\\", "a backslash at the end escapes nothing\n  end\\\n     ^"],
    ["\\9", "unknown escape \\9"],
  ];
  for (const [text, message] of refusals) {
    expect(() => unescapeText(text, "-m")).toThrow(message);
    expect(() => unescapeText(text, "-m")).toThrow(TenkError);
  }
});

test("bytes without a backslash come back as the same array", () => {
  const bytes = bytesOf(0, 255, 128);
  expect(unescapeBytes(bytes)).toBe(bytes);
});

test("escaping every byte as hexadecimal or octal and unescaping gives the bytes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.boolean(), (bytes, octal) => {
      const text = [...bytes].map((byte) =>
        octal ? `\\${byte.toString(8).padStart(3, "0")}` : `\\x${byte.toString(16).padStart(2, "0")}`,
      );
      expect([...unescapeText(text.join(""))]).toEqual([...bytes]);
    }),
  );
});

test("random bytes are either unescaped to no more bytes or refused as a usage error", () => {
  const escapes = fc.constantFrom(0x5c, 0x78, 0x30, 0x37, 0x6e, 0x7b, 0xff, 0x41);
  fc.assert(
    fc.property(fc.array(escapes, { maxLength: 30 }), (bytes) => {
      try {
        expect(unescapeBytes(new Uint8Array(bytes)).length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }),
  );
});
