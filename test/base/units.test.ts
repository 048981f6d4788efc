import { describe, expect, test } from "bun:test";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  parseBandwidth,
  parseBytes,
  parseCount,
  parseDuration,
  parseRate,
} from "../../src/base/mod.ts";

describe("quantities read as people write them", () => {
  test.each([
    [parseCount, "10k", 10_000],
    [parseCount, "1.5m", 1_500_000],
    [parseCount, "0.07k", 70],
    [parseRate, "0.5", 0.5],
    [parseRate, "1k/s", 1000],
    [parseDuration, "10ms", 10],
    [parseDuration, "60s", 60_000],
    [parseDuration, "4m", 240_000],
    [parseDuration, "250us", 0.25],
    [parseBytes, "2MiB", 2_097_152],
    [parseBytes, "64k", 65_536],
    [parseBytes, "1MB", 1_000_000],
    [parseBandwidth, "8Mbps", 1_000_000],
    [parseBandwidth, "1MBps", 1_000_000],
    [parseBandwidth, "1kBps", 1000],
  ] as const)("%p reads %p as %p", (read, text, value) => {
    expect(read(text)).toBe(value);
  });

  test.each([
    [parseCount, "10x"],
    [parseCount, "1.5"],
    [parseCount, "-3"],
    [parseCount, ""],
    [parseDuration, "10"],
    [parseDuration, "ten seconds"],
    [parseBytes, "1e9"],
    [parseBandwidth, "5"],
  ] as const)("%p refuses %p, quotes it and gives an example", (read, text) => {
    expect(() => read(text)).toThrow(`"${text}"`);
    try {
      read(text);
    } catch (error) {
      expect(error).toMatchObject({ code: "usage", hint: expect.stringContaining("for example") });
    }
  });
});

test("quantities are written as people read them", () => {
  expect([formatCount(950), formatCount(12_500), formatCount(3_000_000)]).toEqual(["950", "12.5k", "3M"]);
  expect([formatBytes(512), formatBytes(1536), formatBytes(2 ** 31)]).toEqual(["512 B", "1.5 KiB", "2 GiB"]);
  expect([0.25, 1.5, 250, 1500, 240_000].map(formatDuration)).toEqual(["250us", "1.5ms", "250ms", "1.5s", "4m"]);
  expect([1_000_000, 7_199_600, 7_500_000, -150_000].map(formatDuration)).toEqual([
    "16m 40s",
    "2h",
    "2h 5m",
    "-2m 30s",
  ]);
});

test("an age has no parts that change all the time", () => {
  const [minute, hour] = [60_000, 3_600_000];
  expect([-5, 12_345, minute, 90 * minute, 5 * hour + 3.5 * minute, 72 * hour].map(formatAge)).toEqual([
    "0s",
    "12s",
    "1m",
    "90m",
    "5h 3m",
    "3d",
  ]);
});
