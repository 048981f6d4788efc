import { describe, expect, test } from "bun:test";
import { type LinesRound, linesRemarks, linesTable } from "../../bench/lines.ts";

describe("lines", () => {
  const round = (serverMs: number, counted = 1e6): LinesRound =>
    [1, 2, 3, 4].map((times) => ({ lines: 1e6, counted, tookMs: 500, serverMs: serverMs * times }));
  const results = new Map([
    ["tenk", [round(50), round(60)]],
    ["node-readline", [round(100), round(100)]],
    ["vertx", [round(200), round(200)]],
  ]);

  test("are compared under the same load", () => {
    const { rows } = linesTable(results, { connections: 64 });
    expect(rows).toHaveLength(12);
    expect(rows[0]).toEqual(["1 x 32 B, tenk", "55.0 (50.0-60.0)", "0.28 x", "0.55 x", "2.00"]);
    expect(rows[11]).toEqual(["64 x 1024 B, vertx", "800 (800-800)", "1.00 x", "2.00 x", "2.00"]);
  });

  test("that were not counted are said", () => {
    expect(linesRemarks(results)).toEqual([]);
    expect(linesRemarks(new Map([["go", [round(1, 999_999)]]]))).toEqual(["go: 4 lines were not counted"]);
  });
});
