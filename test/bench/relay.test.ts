import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { type RelayRound, relayBars, relayRemarks, relayTable } from "../../bench/relay.ts";

describe("relay", () => {
  const round = (ms: number, failed = 0): RelayRound => ({
    pairs: { pairs: 10_000, failed, tookMs: 2000, serverMs: ms },
    up: { bytes: 4e9, tookMs: 2000, serverMs: ms * 2 },
    down: { bytes: 2e9, tookMs: 2000, serverMs: ms * 2 },
  });
  const results = new Map([
    ["haproxy", [round(1000), round(500)]],
    ["tenk", [round(1600), round(800, 2)]],
  ]);

  test("is told by connections and by bytes each way", () => {
    expect(relayTable(results).rows[1]).toEqual([
      ...["tenk", "8333", "120 (80.0-160)", "1.60 x", "5000"],
      ...["0.60 (0.40-0.80)", "1.60 x", "2.00", "1.20 (0.80-1.60)", "1.60 x", "1.00"],
    ]);
  });

  test("is judged by HAProxy, and failures are said", () => {
    expect(relayBars(results).map((bar) => [bar.got, verdictOf(bar)])).toEqual(Array(3).fill([1.6, "missed"]));
    expect(relayRemarks(results)).toEqual(["tenk: 2 connections failed"]);
  });
});
