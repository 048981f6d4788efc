import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Escaping, LineWriter } from "../../../src/proxy/access-log/line-writer.ts";

function written(escaping: Escaping, write: (writer: LineWriter) => void, size = 4096): string {
  const writer = new LineWriter(new Uint8Array(size), escaping);
  write(writer);
  return Buffer.from(writer.bytes.subarray(0, writer.at)).toString("latin1");
}

const escaped = (escaping: Escaping, text: string, room = 4096) =>
  written(escaping, (writer) => {
    const bytes = Buffer.from(text, "latin1");
    writer.escaped(bytes, 0, bytes.length, room);
  });

test.each([
  ["json", 'a "b" \\', 'a \\"b\\" \\\\'],
  ["json", "\x1b[2J\r\n\x7f", "\\u001b[2J\\u000d\\u000a\\u007f"],
  ["json", "f\xfcr\x9b", "f\\u00fcr\\u009b"],
  ["hex", 'a "b" \\', "a \\x22b\\x22 \\x5c"],
  ["hex", "\x1b[2J\r\n\x7f", "\\x1b[2J\\x0d\\x0a\\x7f"],
  ["hex", "f\xfcr\x9b", "f\\xfcr\\x9b"],
] as const)("%s escapes %j", (escaping, text, expected) => {
  expect(escaped(escaping, text)).toBe(expected);
});

test("whatever bytes come, what is written is visible ASCII of one line, and JSON reads it back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 400 }), (bytes, room) => {
      const text = Buffer.from(bytes).toString("latin1");
      for (const escaping of ["json", "hex"] as const) {
        const line = escaped(escaping, text, room);
        expect(line).toMatch(/^[ -~]*$/);
        expect(line.length).toBeLessThanOrEqual(room);
        if (escaping === "hex") expect(line).not.toContain('"');
        else expect(text.startsWith(JSON.parse(`"${line}"`) as string)).toBe(true);
      }
    }),
  );
});

test("text beyond Latin-1 is escaped by its code units", () => {
  expect(JSON.parse(`"${written("json", (writer) => writer.text("jürgen 🦊\n", 100))}"`)).toBe("jürgen 🦊\n");
});

test("numbers are written as they are", () => {
  const cases = [0, 7, 10, 99, 100, 4_294_967_296, 2 ** 53 - 1];
  for (const value of cases) expect(written("json", (writer) => writer.count(value))).toBe(String(value));
  expect(written("json", (writer) => writer.fraction(1_780_000_000_123, 3))).toBe("1780000000.123");
  expect(written("json", (writer) => writer.fraction(1_000_042, 6))).toBe("1.000042");
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(written("json", (writer) => writer.count(value))).toBe(String(value));
      expect(Number(written("json", (writer) => writer.fraction(value % 1e12, 6)))).toBeCloseTo(
        (value % 1e12) / 1e6,
        6,
      );
    }),
  );
});

test("a text longer than its room is cut before a character that does not fit", () => {
  expect(escaped("json", 'abc"', 4)).toBe("abc");
  expect(escaped("json", "abc\n\n", 9)).toBe("abc\\u000a");
  expect(escaped("json", "abcdef", 4)).toBe("abcd");
});
