import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { type PublishRound, publishBars, publishRemarks, publishTable } from "../../bench/publish.ts";

describe("publish", () => {
  const round = (ms: number): PublishRound =>
    [1, 2].map((times) => ({ tookMs: [ms * times, ms * times, ms * 9], lost: 0, serverMs: ms * times * 3 }));
  const results = new Map([
    ["c-epoll", [round(24)]],
    ["tenk", [round(30), round(30)]],
    ["vertx", [round(40), round(60)]],
  ]);

  test("is told by the median of each round, the p99 of all, and what it cost", () => {
    const { rows } = publishTable(results);
    expect(rows[1]).toEqual(["64 B, tenk", "30.0 (30.0-30.0)", "270", "0.63 x", "1.25 x", "30.0", "0.63 x"]);
    expect(rows[4]).toEqual(["1024 B, tenk", "60.0 (60.0-60.0)", "270", "0.63 x", "1.25 x", "60.0", "0.63 x"]);
  });

  test("is judged, and where C cannot meet the bar either that is said", () => {
    expect(publishBars(results, 100).map((bar) => [bar.name, bar.got, verdictOf(bar)])).toEqual([
      ["publish 64 B to 100, to Vert.x", 0.625, "missed"],
      ["publish 1024 B to 100, to Vert.x", 0.625, "missed"],
    ]);
    expect(publishRemarks(results)).toEqual([
      "one write() to each subscriber, in C, takes 0.60 x Vert.x: a bar of 0.5 x is below that",
    ]);
    expect(publishRemarks(new Map([...results, ["c-epoll", [round(10)]]]))).toEqual([]);
    expect(publishRemarks(new Map([["tenk", [round(10)]]]))).toEqual([]);
  });
});
