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
  const row = (name: string) => rows.find((each) => String(each[0]).includes(name));
  expect(row("library")?.slice(2)).toEqual(["1.00 x", "-", "-", "-"]);
  expect(row("tenk")?.[2]).toBe("1.10 x");
  expect(row("tenk")?.at(-1)).toBe("2.00");
});
