import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeBytes } from "../../src/base/mod.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What the escapes stand for. */
function unescaped(text: string): Uint8Array {
  const parts = text.match(/\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|[^\\]+/gsu) ?? [];
  const named = new Map([
    ["\\n", "\n"],
    ["\\r", "\r"],
    ["\\t", "\t"],
    ["\\\\", "\\"],
  ]);
  return Buffer.concat(
    parts.map((part) => {
      if (part.startsWith("\\x")) return Buffer.from(part.slice(2), "hex");
      if (part.startsWith("\\u")) return Buffer.from(String.fromCodePoint(Number.parseInt(part.slice(3, -1), 16)));
      return Buffer.from(named.get(part) ?? part);
    }),
  );
}

describe("bytes are shown", () => {
  test.each([
    ["\x1b[2J\x07\0\x7f", "\\x1b[2J\\x07\\x00\\x7f"],
    ["a\tb\r\n\\", "a\\tb\\r\\n\\\\"],
    ["grüße 你好 👍", "grüße 你好 👍"],
    ["\u009b31m", "\\u{9b}31m"], // CSI of the C1 set
    ["\u202eevil\u2066\u200b", "\\u{202e}evil\\u{2066}\\u{200b}"], // turns text around
    ["a\u2028b\u00a0c\ue000", "a\\u{2028}b\\u{a0}c\\u{e000}"],
  ])("%j as %s", (text, expected) => {
    expect(escapeBytes(bytes(text), { utf8: true })).toBe(expected);
  });

  test("byte by byte where UTF-8 is not asked for", () => {
    expect(escapeBytes(bytes("ü\n"))).toBe("\\xc3\\xbc\\n");
  });

  test.each([
    ["c080", "overlong"],
    ["e0809f", "overlong"],
    ["eda080", "a surrogate"],
    ["f4908080", "above the last character"],
    ["f5808080", "above the last character"],
    ["e4bd", "cut short"],
    ["80", "no beginning"],
  ])("%s as it is: %s", (hex) => {
    const given = Buffer.from(hex, "hex");
    expect(escapeBytes(given, { utf8: true })).toBe(hex.replace(/../g, "\\x$&"));
  });

  test("inert and without loss, whatever they are", () => {
    const given = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 100 }).map(bytes));
    fc.assert(
      fc.property(given, fc.boolean(), (all, utf8) => {
        const text = escapeBytes(all, { utf8 });
        expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(Buffer.compare(unescaped(text), all)).toBe(0);
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 5000) },
    );
  });
});
