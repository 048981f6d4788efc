import { expect, test } from "bun:test";
import { watchTable } from "../../bench/watch.ts";

const round = (cpuUsPerMessage: number, scrapeCpuMs = 0) => ({
  cpuUsPerMessage,
  scrapeCpuMs,
  scrapeMs: scrapeCpuMs,
  scrapeBytes: 2048,
});

test("being watched is compared with the library round by round, and only a box is scraped", () => {
  const results = new Map([
    ["library", [round(4), round(8)]],
    ["tenk", [round(4.4, 3), round(8.8, 5)]],
  ]);
  const { rows } = watchTable(results);
  expect(rows[0]?.slice(2)).toEqual(["1.00 x", "-", "-", "-"]);
  expect(rows[1]?.[2]).toBe("1.10 x");
  expect(rows[1]?.at(-1)).toBe("2.00");
});
