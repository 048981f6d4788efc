import { describe, expect, test } from "bun:test";
import { fromHeyCsv, fromJsonLine, fromOha, fromTenk, fromWrk2 } from "../../bench/generator-output.ts";
import { HTTP_GENERATORS } from "../../bench/http-generators.ts";

describe("what generators print", () => {
  const TOLD = { requests: 3, p50Us: 2000, p99Us: 3000, p999Us: 3000 };

  test("our scripts for wrk and k6: a line of JSON among others", () => {
    expect(fromJsonLine(["Running 1s test", JSON.stringify(TOLD), ""])).toEqual(TOLD);
  });

  test("tenk: from planned moments", () => {
    const latencyUs = { message: { p50: 2000, p99: 3000, p999: 3000 }, service: { p50: 1 } };
    const lines = JSON.stringify({ messages: { answered: 3 }, latencyUs }, null, 2).split("\n");
    expect(fromTenk(lines)).toEqual(TOLD);
  });

  test("wrk2: units of any size, and no percentile taken for another", () => {
    const lines = [
      " 50.000%    2.00ms",
      " 99.000%  467.45ms",
      " 99.900%    1.20s",
      " 99.990%    2.00m",
      "  3 requests in 1s",
    ];
    expect(fromWrk2(lines)).toEqual({ requests: 3, p50Us: 2000, p99Us: 467_450, p999Us: 1_200_000 });
  });

  test("oha: seconds", () => {
    const latencyPercentiles = { p50: 0.002, p99: 0.003, "p99.9": 0.003 };
    expect(fromOha([JSON.stringify({ latencyPercentiles, statusCodeDistribution: { 200: 3 } })])).toEqual(TOLD);
  });

  test("hey: a line for each request", () => {
    const lines = ["response-time,DNS+dialup,DNS", "0.003,0,0", "0.001,0,0", "0.002,0,0"];
    expect(fromHeyCsv(lines)).toEqual(TOLD);
  });
});

test("each generator is asked for its connections, and at a rate for the rate in all", () => {
  for (const generator of HTTP_GENERATORS) {
    const closed = generator.command({ url: "http://a/", seconds: 5 }).join(" ");
    const open = generator.command({ url: "http://a/", seconds: 5, perSecond: 640 }).join(" ");
    expect(closed).toMatch(/http:\/\/a\//);
    expect(closed).toMatch(/(-d|-z) 5s|SECONDS=5/);
    if (generator.name === "hey") expect(open).toContain("-q 10 ");
    else if (/^(wrk|tenk-closed)$/.test(generator.name)) expect(open).toBe(closed);
    else expect(open).toContain("640");
  }
});
