import { describe, expect, test } from "bun:test";
import { TenkError } from "../../src/base/mod.ts";
import { evaluate, type Measured, notJudged, parseExpectation, percentilesIn } from "../../src/load/plan/expect.ts";

const LATENCY = { p50: 200, p90: 400, p99: 12_000, p999: 30_000, max: 80_000, count: 10_000, more: { p95: 7000 } };
const NONE = { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count: 0 };
const REPORT = {
  plan: { connections: 10_000 },
  connections: { opened: 10_000, peak: 10_000, failed: 0, lost: 50 },
  messages: { planned: 1_000_000, sent: 999_500, late: 600, dropped: 500, received: 999_400, perSecondSent: 99_950.4 },
  bytes: { sent: 4_000_000, received: 4_000_000 },
  latencyUs: { connect: LATENCY, firstByte: NONE, message: LATENCY, service: NONE, send: LATENCY },
  server: {
    received: 999_500,
    bytesReceived: 4_000_000,
    connectionsPeak: 10_000,
    cpuPercent: 45.67,
    rssBytes: 2 ** 25,
  },
  generator: { cpuPercent: 51, loopLagP99Us: 1500, rssBytes: 2 ** 25 },
} as unknown as Measured;

describe("expectations are checked against the report", () => {
  test.each([
    ["connections=10k", true, "10000"],
    ["connections=all", true, "10000"],
    ["lost = 0", false, "50"],
    ["lost<=0.5%", true, "0.5% (50)"],
    ["lost<0.5%", false, "0.5% (50)"],
    ["late+dropped<=0.1%", false, "0.11% (1100)"],
    ["late<0.1%", true, "0.06% (600)"],
    ["p99<50ms", true, "12ms"],
    ["p99 < 10ms", false, "12ms"],
    ["p95<8ms", true, "7ms"],
    ["p99.9<=30ms", true, "30ms"],
    ["p999<=30ms", true, "30ms"],
    ["max<80ms", false, "80ms"],
    ["connect.p50=200us", true, "200us"],
    ["service.p99<1s", false, "not measured"],
    ["rate>=99k", true, "99950/s"],
    ["received=sent", false, "999400, sent 999500"],
    ["received>=99%", true, "100% (999400)"],
    ["server.received=sent", true, "999500, sent 999500"],
    ["server.bytes=bytes.sent", true, "4000000, bytes.sent 4000000"],
    ["server.cpu<50%", true, "45.7%"],
    ["rss<=32MiB", true, "33554432"],
  ])("%s: %p, got %p", (text, pass, got) => {
    expect(evaluate(parseExpectation(text), REPORT)).toEqual({ expect: text.replaceAll(" ", ""), got, pass });
  });

  test("the server's counters are not measured where there are none", () => {
    const check = evaluate(parseExpectation("server.received=sent"), { ...REPORT, server: null });
    expect(check).toEqual({ expect: "server.received=sent", got: "not measured", pass: false });
  });

  test.each([
    ["", /Cannot read the expectation/],
    ["lost", /expected NAME/],
    ["lots=0", /did you mean lost\?.*Known are connections, /],
    ["p99<50", /as a duration/],
    [
      "p99 < 50",
      /^Cannot read the expectation "p99 < 50": Cannot read "50" as a duration expected a time with its unit/,
    ],
    ["rss<1.5x", /^Cannot read the expectation "rss<1\.5x": Cannot read "1\.5x" as .* expected a size, such as 64k/],
    ["rate>9/m", /^Cannot read the expectation "rate>9\/m": .* expected a rate per second, such as 99k$/],
    ["lost=1.5", /^Cannot read the expectation "lost=1\.5": .* expected a count, such as 0 or 10k$/],
    ["cpu<1.5x", /^Cannot read the expectation "cpu<1\.5x": .* expected a percentage, such as 80%$/],
    ["p99<5%", /expected a time with its unit, such as 50ms, or another name that is counted alike$/],
    ["p99<5%", /nothing to compare/],
    ["p99<lost", /nothing to compare/],
    ["p99=all", /Unknown name "all"/],
    ["p99+lost<1", /do not add up/],
    ["lost=zero", /Unknown name "zero"/],
    ["p123<1s", /Unknown name "p123"/],
  ])("%p is refused", (text, says) => {
    let thrown: unknown;
    try {
      parseExpectation(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TenkError);
    const { code, message, hint } = thrown as TenkError;
    expect([code, `${message} ${hint}`]).toEqual(["usage", expect.stringMatching(says)]);
  });

  test.each([
    [["p99<1s"], ["connections=all", "lost=0", "failed=0", "late+dropped<=0.1%"]],
    [
      ["connections=10k", "lost<5", "dropped=0"],
      ["failed=0", "late+dropped<=0.1%"],
    ],
    [["connections=all", "lost+failed=0", "late=0", "dropped=0"], []],
  ])("of %j it is known what usual they leave out", (texts, left) => {
    expect(notJudged(texts.map(parseExpectation), { answersTold: false })).toEqual(left);
    expect(notJudged(texts.map(parseExpectation), { answersTold: true })).toEqual([
      ...left,
      "unanswered=0",
      "unexpected=0",
    ]);
  });

  test("knows which percentiles it needs", () => {
    const texts = ["p95<1s", "p99<1s", "service.p99.99<1s", "p50<connect.p75", "lost=0", "p999<1s"];
    expect(percentilesIn(texts.map(parseExpectation))).toEqual([95, 99.99, 75]);
  });
});
