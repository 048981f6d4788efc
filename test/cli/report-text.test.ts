import { describe, expect, test } from "bun:test";
import { reportText } from "../../src/cli/report-text.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import type { Check, Report } from "../../src/load/mod.ts";

const PLAIN = paintsFor({ write: () => undefined }, {});
const LATENCY = { p50: 200, p90: 400, p99: 1_200, p999: 3_000, max: 8_000, count: 10_000 };
const NONE = { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count: 0 };

const REPORT: Report = {
  kind: "tcp",
  target: "127.0.0.1:9091",
  startedAt: "2026-11-30T07:35:06.123Z",
  plan: {
    connections: 10_000,
    ratePerConnection: 10,
    connectRate: 1_000,
    durationMs: 30_000,
    totalRate: 0,
    shape: "constant",
    workers: 1,
  },
  connections: { opened: 10_000, reopened: 0, peak: 10_000, held: 10_000, failed: 0, lost: 0, byCause: {} },
  messages: {
    planned: 3_000_000,
    sent: 3_000_000,
    late: 0,
    dropped: 0,
    received: 0,
    answersTold: false,
    answered: 0,
    unanswered: 0,
    unexpected: 0,
    droppedBy: { old: 0, full: 0, outstanding: 0, noReply: 0, bandwidth: 0, closed: 0, cut: 0 },
    perSecondSent: 100_000,
  },
  bytes: { sent: 12_000_000, received: 0 },
  latencyUs: { connect: LATENCY, firstByte: NONE, message: NONE, service: NONE, send: NONE },
  server: {
    received: 3_000_000,
    bytesReceived: 12_000_000,
    connectionsPeak: 10_000,
    cpuPercent: 33.4,
    rssBytes: 45 * 1024 * 1024,
    userBytesPerConnection: 1_500,
  },
  generator: {
    cpuPercent: 46,
    cpuUsPerMessage: 4.6,
    rssBytes: 31 * 1024 * 1024,
    loopLagP99Us: 1_200,
    saturated: false,
    saturation: [],
  },
  timing: { connectMs: 10_000, sendMs: 30_000, drainMs: 100 },
  endedBy: null,
  verdict: { pass: true, checks: [{ expect: "connections=10000", got: "10000", pass: true }], reason: "" },
};

describe("a report as text", () => {
  test("says what was held, what it cost, and that it passed", () => {
    expect(reportText(REPORT, PLAIN)).toBe(`tcp 127.0.0.1:9091  10k connections at 1000/s, 10/s each, 30s

connections  10,000 opened in 10s  10,000 held  0 failed  0 lost
messages     3,000,000 planned  3,000,000 sent, 100k/s  0 late  0 dropped
came back    0
bytes        11.4 MiB sent  0 B came back
server       3,000,000 received = sent  33% of a core  45 MiB  1.5 KiB a connection  10,000 at most
generator    46% of a core  4.6us a message  31 MiB  loop lag p99 1.2ms  not the limit

latency    p50    p90    p99  p99.9  max   count
connect  200us  400us  1.2ms    3ms  8ms  10,000

pass  connections=10000  got 10000
PASS`);
  });

  test("marks what is a lower bound", () => {
    const open = {
      ...LATENCY,
      p99: 6_200_000,
      p999: 6_300_000,
      max: 6_300_000,
      atLeast: { count: 104, fromUs: 6_000_000 },
    };
    const text = reportText({ ...REPORT, latencyUs: { ...REPORT.latencyUs, message: open } }, PLAIN);
    expect(text).toMatch(/^message, from its planned moment +200us +400us +≥ 6\.2s +≥ 6\.3s +≥ 6\.3s +10,000$/m);
    expect(text).toContain("\n≥ at least: 104 of 10,000 (message) never ended and count as long as they waited\n");
  });

  test("prints one that an earlier tenk made", () => {
    const { reopened: _, held: __, ...connections } = REPORT.connections;
    const { answersTold: ___, answered: ____, unexpected: _____, ...messages } = REPORT.messages;
    const droppedBy = { old: 2, full: 0, outstanding: 0, bandwidth: 0, closed: 0 };
    const before = { ...REPORT, connections, messages: { ...messages, droppedBy } } as unknown as Report;
    expect(reportText(before, PLAIN)).toContain("dropped: 2 old: the generator was behind\n");
    expect(reportText(before, PLAIN)).not.toMatch(/undefined|NaN/);
  });

  test("says what was tried where a server's counters were not read", () => {
    const serverNote = "no tenk instance answers at 127.0.0.1:9190";
    expect(reportText({ ...REPORT, server: null, serverNote }, PLAIN)).toContain(
      "\nserver       no tenk instance answers at 127.0.0.1:9190 (--stats-url URL names another address)\n",
    );
  });

  test("says where what came back is not told apart", () => {
    const bytes = { sent: 12_000_000, received: 12_000_000 };
    const echoed = { ...REPORT, messages: { ...REPORT.messages, received: 3_000_000 }, bytes };
    const untold = "came back    3,000,000  answers are not told apart: add --wait-reply\n";
    expect(reportText(echoed, PLAIN)).toContain(untold);
    const timed = {
      ...echoed,
      messages: { ...echoed.messages, answersTold: true },
      latencyUs: { ...REPORT.latencyUs, message: LATENCY },
    };
    expect(reportText(timed, PLAIN)).toContain("came back    3,000,000  0 unanswered  0 unexpected\n");
  });

  test.each([
    ["PASS", {}],
    ["STOPPED", { endedBy: "stopped" }],
    ["FAIL", { endedBy: "stopped", checks: [{ expect: "lost=0", got: "1", pass: false }] }],
    ["FAIL", { endedBy: "no-connections" }],
    ["NOT FOUND", { limit: { knee: 5 } }],
    ["FAIL", { limit: { knee: 0 } }],
    ["STOPPED", { endedBy: "stopped", limit: { knee: 5 } }],
  ] as [string, Partial<Report> & { limit?: object; checks?: Check[] }][])("ends with %s where %j", (word, more) => {
    const { checks = [], ...changed } = more;
    const verdict = { pass: word === "PASS", checks, reason: "why" };
    const report = { ...REPORT, ...changed, verdict } as Partial<Report> as Report;
    expect(reportText(report, PLAIN)).toEndWith(`\n${word}  why`);
  });

  test("says what was lost and why, what was not on time, and who was the limit", () => {
    const text = reportText(
      {
        ...REPORT,
        plan: { ...REPORT.plan, durationMs: null, totalRate: 5_000 },
        connections: {
          ...REPORT.connections,
          lost: 15,
          byCause: { "established peer": 3, "established ECONNRESET": 12 },
        },
        messages: {
          ...REPORT.messages,
          dropped: 7,
          droppedBy: { ...REPORT.messages.droppedBy, full: 7 },
          answersTold: true,
          unanswered: 2,
        },
        server: null,
        generator: { ...REPORT.generator, saturated: true, saturation: ["its event loop lagged"] },
        latencyUs: {
          ...REPORT.latencyUs,
          message: { ...LATENCY, more: { "p99.5": 2_000 } },
          service: { ...LATENCY, more: { "p99.5": 1_900 } },
        },
        endedBy: "stopped",
        verdict: { pass: false, checks: [{ expect: "lost=0", got: "15", pass: false }], reason: "lost=0 failed" },
      },
      PLAIN,
    );
    expect(text).toContain("5000/s in all, until ended\n");
    expect(text).toContain("15 lost\n             12 established ECONNRESET\n             3 established peer\n");
    expect(text).toContain("7 dropped\n             dropped: 7 full: the peer did not read\n");
    expect(text).toContain("came back    0  2 unanswered  0 unexpected\n");
    expect(text).toContain("server       not tenk");
    expect(text).toContain("loop lag p99 1.2ms  was the limit\n");
    expect(text).toContain("message, from its planned moment");
    expect(text).toEndWith("ended early, as asked\nFAIL  lost=0  got 15\nFAIL  lost=0 failed");
  });
});
