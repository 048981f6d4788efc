import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatChunk, formatClock, linesOfChunk } from "../../src/tcp/dump/format.ts";
import { LineBudget } from "../../src/tcp/dump/line-budget.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a chunk", () => {
  test.each([
    ["hello\r\n", 256, "< 7 bytes hello\\r\\n"],
    ["x", 256, "< 1 byte x"],
    ["grüße\x1b[2J", 256, "< 11 bytes grüße\\x1b[2J"],
    ["abcdef", 5, "< 6 bytes abcde … 1 more byte"],
    ["abcdef", 4, "< 6 bytes abcd … 2 more bytes"],
  ])("%j with %i bytes shown is %s", (text, most, line) => {
    expect(formatChunk("<", bytes(text), "text", most)).toBe(line);
  });

  test("in hex has the rows of tcpdump -X", () => {
    expect(formatChunk("<", bytes("GET / HTTP/1.1\r\n\x1b[2J and more"), "hex", 21).split("\n")).toEqual([
      "< 29 bytes",
      "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1..",
      "\t0x0010:  1b5b 324a 20                             .[2J.",
      "\t… 8 more bytes",
    ]);
  });

  test("is inert and bounded, and has the lines that were counted, whatever its bytes", () => {
    const given = fc.tuple(
      fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.string({ unit: "binary", maxLength: 200 }).map(bytes)),
      fc.constantFrom("text" as const, "hex" as const),
      fc.integer({ min: 1, max: 300 }),
    );
    fc.assert(
      fc.property(given, ([all, format, most]) => {
        const text = formatChunk("<", all, format, most);
        const lines = text.split("\n");
        expect(lines).toHaveLength(linesOfChunk(all.length, format, most));
        for (const line of lines) expect(line.replace(/^\t/, "")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        // The longest way to show a byte: \xNN on a line of its own kind, or its part of a row.
        expect(text.length).toBeLessThan(80 + 5 * most + lines.length * 16);
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 3000) },
    );
  });
});

test("the clock is that of the logs", () => {
  expect(formatClock(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe("03:04:05.006");
});

describe("a budget of lines", () => {
  test("ends with its second, and tells once what was missed", () => {
    const budget = new LineBudget(2);
    expect([0, 1, 2, 999].map((nowMs) => budget.takes(nowMs, 1))).toEqual([true, true, false, false]);
    expect([999, 1000, 1000].map((nowMs) => budget.missed(nowMs))).toEqual([0, 2, 0]);
    expect(budget.takes(1000, 1)).toBe(true);
  });

  test("prints a chunk of many lines whole", () => {
    const budget = new LineBudget(3);
    expect([17, 17].map((lines) => budget.takes(0, lines))).toEqual([true, false]);
    expect(budget.missed(5000)).toBe(17);
  });

  test("goes on when the clock is put back", () => {
    const budget = new LineBudget(1);
    expect([5000, 5001, 100].map((nowMs) => budget.takes(nowMs, 1))).toEqual([true, false, true]);
  });
});
