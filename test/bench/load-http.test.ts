import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import {
  agreementTable,
  costTable,
  type GeneratorResult,
  judge,
  lateTable,
  loadHttpBars,
  loadHttpRemarks,
} from "../../bench/load-http-table.ts";
import type { Agreement, Late } from "../../bench/load-http-visits.ts";

describe("results", () => {
  function result(cpuUsPerRequest: number, late: readonly Late[] = []): GeneratorResult {
    const spent = [{ cpuUsPerRequest, cpuPercent: 50, perSecond: 1000, residentBytes: 5e6 }];
    return { clear: spent, TLS: spent, stalled: [...late], slow: [] };
  }
  const timesUs = Float64Array.of(0, 40, 10, 50, 150_000, 600_010, 150_001, 600_020);
  const log = { stallsUs: [[100_000, 600_000]] as const, timesUs };
  const told = (p99Us: number) => ({ requests: 10, p50Us: 540, p99Us, p999Us: 499_000 });
  const results = new Map([
    ["tenk", result(12, [{ told: told(451_000), log }])],
    ["wrk", result(10, [{ told: told(20_000), log }])],
    ["tenk-closed", { ...result(1, [{ told: told(20_000), log }]), clear: [], TLS: [] }],
  ]);
  const stalled = judge(results, "stalled", 5);
  const agreement: Agreement = {
    ...{ server: "nginx", limit: "server", wrkPerSecond: 1000, tenkPerSecond: 950, saturation: [] },
  };

  test("a request's cost beside wrk's; a variant for latencies has none", () => {
    expect(costTable(results).rows).toEqual([
      ["tenk", ...Array(2).fill(["12.0", "83333", "1.20 x", "50.0", "1000"]).flat(), "5.00"],
      ["wrk", ...Array(2).fill(["10.0", "100000", "1.00 x", "50.0", "1000"]).flat(), "5.00"],
    ]);
  });

  test("what each told beside what was", () => {
    const truth = stalled.get("tenk")![0]!.truth;
    expect(truth.p99Us).toBeCloseTo(451_040, -3);
    expect(truth.p50Us).toBe(40);
    expect(lateTable("stalls", stalled).rows[0]?.slice(0, 8)).toEqual([
      ...["tenk", "0.54", "451", "499", "0.04", "451", "495", "+0.50"],
    ]);
    expect(stalled.size).toBe(3);
  });

  test("bars: cost, the truth, and what wrk measures of the same", () => {
    const bars = Object.fromEntries(
      loadHttpBars(results, stalled, [agreement]).map((bar) => [bar.name, verdictOf(bar)]),
    );
    expect(bars).toEqual({
      "clear, CPU per request, to wrk": "met",
      "clear, CPU per request, to oha": "not measured",
      "clear, CPU per request, to k6": "not measured",
      "TLS, CPU per request, to wrk": "met",
      "TLS, CPU per request, to oha": "not measured",
      "TLS, CPU per request, to k6": "not measured",
      "stalls: tenk's p99 from planned moments, off by": "met",
      "stalls: wrk's p99, to the truth": "met",
      "nginx: requests/s, tenk and wrk differ by": "met",
    });
  });

  test("a remark says where tenk did not call itself the limit, or did without reason", () => {
    const silent: Agreement = { ...agreement, server: "C", limit: "generator" };
    expect(agreementTable([agreement]).rows[0]).toEqual(["nginx", "1000", "950", "0.95 x", "no"]);
    expect(loadHttpRemarks(results, [agreement, silent])).toEqual(["C: tenk was the limit and did not say so"]);
    expect(loadHttpRemarks(results, [{ ...agreement, saturation: ["CPU 99% of a core"] }])).toHaveLength(1);
  });

  test("a remark says which bar is below what is possible in C", () => {
    const more = new Map([...results, ["oha", result(12)], ["k6", result(500)]]);
    expect(loadHttpRemarks(more, [])).toEqual([
      "clear: wrk, in C, takes 0.83 x oha: a bar of 0.60 x is below that",
      "TLS: wrk, in C, takes 0.83 x oha: a bar of 0.60 x is below that",
    ]);
  });

  test("what is off by far is told as a multiple", () => {
    const slow = new Map([["wrk", [{ ...stalled.get("wrk")![0]!, truth: { p50Us: 40, p99Us: 40, p999Us: 500_000 } }]]]);
    expect(lateTable("slow", slow).rows[0]?.slice(-3, -1)).toEqual(["500 x", "-0.20"]);
  });
});
