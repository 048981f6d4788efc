import { describe, expect, test } from "bun:test";
import {
  bytes,
  compact,
  duration,
  grouped,
  moment,
  seconds,
  stretch,
  visible,
  written,
} from "../../src/dash/page/format.ts";

describe("numbers are short, with their unit:", () => {
  test.each([
    [0, "0"],
    [7, "7"],
    [0.1234, "0.123"],
    [999, "999"],
    [999.9, "1k"],
    [10_400, "10.4k"],
    [100_000, "100k"],
    [-1500, "−1.5k"],
  ])("%p is %s", (value, text) => expect(compact(value)).toBe(text));

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [41_313_894, "39.4 MiB"],
  ])("%p bytes are %s", (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, "0 s"],
    [0.000_41, "410 µs"],
    [0.001_23, "1.23 ms"],
    [0.9996, "1 s"],
    [90, "90 s"],
    [7200, "2 h"],
  ])("%p seconds are %s", (value, text) => expect(seconds(value)).toBe(text));

  test.each([
    [900, "0 s"],
    [61_000, "1 min 1 s"],
    [3_600_000, "1 h"],
    [1_234_567_000, "14 d 6 h"],
  ])("%p ms have lasted %s", (value, text) => expect(duration(value)).toBe(text));

  test.each([
    [null, "count", "–"],
    [Number.NaN, "bytes", "–"],
    [10_000, "count", "10 000"],
    [0.5914, "share", "59.1 %"],
    [104, "percent", "104 %"],
    [61.33, "celsius", "61.3 °C"],
    [99_700, "perSecond", "99.7k/s"],
  ] as const)("%p as %s is %s", (value, unit, text) => expect(written(value, unit)).toBe(text));

  test("digits in groups", () => {
    expect([5, 1234, 1_000_000].map(grouped)).toEqual(["5", "1 234", "1 000 000"]);
  });
});

describe("invisible characters of foreign text are written out:", () => {
  test.each([
    ["plain ünïcode ✓", "plain ünïcode ✓"],
    ["evil\u202efdp.exe", "evil\\u202efdp.exe"],
    ["a\u0000b\u001b[31m", "a\\u0000b\\u001b[31m"],
    ["two\nlines", "two⏎lines"],
    ["\u2066hidden\u2069\ufeff\u200b", "\\u2066hidden\\u2069\\ufeff\\u200b"],
  ])("%j", (text, shown) => expect(visible(text)).toBe(shown));
});

describe("a moment", () => {
  const at = new Date(2025, 10, 3, 7, 5, 9).getTime();

  test.each([
    [new Date(2025, 11, 31), "3 Nov 07:05:09"],
    [new Date(2026, 0, 1), "3 Nov 2025 07:05:09"],
  ])("read on %p is %s", (now, text) => expect(moment(at, now.getTime())).toBe(text));
});

describe("a stretch of time", () => {
  const at = (day: number, hour: number, second = 0) => new Date(2025, 9, day, hour, 0, second).getTime();

  test.each([
    [at(25, 0), at(25, 7), 2025, "25 Oct 00:00–07:00"],
    [at(25, 22), at(26, 7), 2025, "25 Oct 22:00 – 26 Oct 07:00"],
    [at(25, 22), at(25, 22, 30), 2025, "25 Oct 22:00:00–22:00:30"],
    [at(25, 0), at(25, 7), 2026, "25 Oct 2025 00:00–07:00"],
  ])("from %p to %p read in %p is %s", (from, to, year, text) =>
    expect(stretch(from, to, new Date(year, 11, 1).getTime())).toBe(text),
  );
});
