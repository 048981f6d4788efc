import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { type LatencyRound, latencyBars, latencyRemarks, latencyTable } from "../../bench/latency.ts";

describe("echo latency", () => {
  function round(p99Us: number, sameP99Us: number, { lateP99Us = 1, serverBusy = 1 } = {}): LatencyRound {
    const at = (p99: number, perSecond: number) => ({
      ...{ perSecond, p50Us: p99 / 10, p99Us: p99, p999Us: p99 * 2, lateP99Us },
    });
    const atShare = [at(p99Us / 2, 100), at(p99Us, 500), at(p99Us * 5, 900)];
    return { capacity: 1000, serverBusy, atShare, atSameRate: at(sameP99Us, 400) };
  }
  const results = new Map([
    ["tenk", [round(100, 90), round(120, 80)]],
    ["vertx", [round(200, 60), round(200, 100)]],
  ]);

  test("shows what a server can do, and the percentiles at its shares and at the common rate", () => {
    expect(latencyTable(results).rows[0]).toEqual([
      ...["tenk", "1000", "100", "5.50 / 55.0 / 110", "11.0 / 110 / 220", "55.0 / 550 / 1100"],
      ...["0.55 x (0.50-0.60)", "8.50 / 85.0 / 170", "1.15 x (0.80-1.50)"],
    ]);
  });

  test("is judged at half of each one's own, and at the same rate", () => {
    expect(latencyBars(results).map((bar) => [bar.got, verdictOf(bar)])).toEqual([
      [0.55, "met"],
      [1.15, "missed"],
    ]);
    expect(latencyBars(new Map([["tenk", [round(1, 1)]]])).map(verdictOf)).toEqual(["not measured", "not measured"]);
  });

  test("without the server whose rate is common to all there is a dash", () => {
    const alone = new Map([["go", [{ ...round(1, 1), atSameRate: undefined }]]]);
    expect(latencyTable(alone).rows[0]?.slice(6)).toEqual(["-", "-", "-"]);
  });

  test("says what spoils it", () => {
    expect(latencyRemarks(results)).toEqual([]);
    const spoilt = round(100, 100, { lateP99Us: 60, serverBusy: 0.7 });
    expect(latencyRemarks(new Map([["go", [spoilt]]]))).toEqual([
      "go: 70.0 % busy at its capacity: the client, or another program, was the limit",
      "go: at 50 % the client itself was late by 60.0 % of the p99",
    ]);
  });
});
