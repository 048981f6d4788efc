import { describe, expect, test } from "bun:test";
import { lostRemarks, type UpstreamStretch, upstreamBars, upstreamTable } from "../../bench/dns-upstream.ts";

const round = (cpuUs: number, failed = 0): UpstreamStretch => ({ answered: 1000, failed, cpuUs, tookMs: 100 });

describe("queries to an upstream", () => {
  const results = new Map([
    ["udp", [round(40_000)]],
    ["tls", [round(10_000), round(12_000), round(14_000)]],
  ]);

  test("cost so much each", () => {
    expect(upstreamTable(results).rows).toEqual([
      ["udp", "40.0", "10000"],
      ["tls", "12.0 (10.0-14.0)", "10000"],
    ]);
  });

  test("have bars by TLS and HTTPS", () => {
    expect(upstreamBars(results).map(({ most, got }) => [most, got])).toEqual([
      [15, 12],
      [45, Number.NaN],
    ]);
  });

  test("without an answer are said", () => {
    expect(lostRemarks(results)).toEqual([]);
    expect(lostRemarks(new Map([["tls", [round(1, 2), round(1, 1)]]]))).toEqual(["tls: 3 queries got no answer"]);
  });
});
