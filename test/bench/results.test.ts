import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { type GeneratorRound, generatorBars, generatorRemarks, generatorTable } from "../../bench/load.ts";
import type { BenchOptions } from "../../bench/options.ts";
import { middle, visits } from "../../bench/rounds.ts";
import { type ServerRound, serverBars, serverRemarks, serverTable } from "../../bench/tcp.ts";

const OPTIONS = { connections: 1000, perSecond: 10, size: 1 } as BenchOptions;

function server(cpuUsPerMessage: number, burstMs: number, idleBytesPerConnection = 0): ServerRound {
  return {
    ...{ cpuUsPerMessage, userUsPerMessage: 1, systemUsPerMessage: cpuUsPerMessage - 1, emptyBytes: 2e6 },
    ...{ idleBytesPerConnection, loadedBytesPerConnection: 0, burstMs: [burstMs], burstConnectMaxMs: [1] },
    ...{ messagesPerSecond: 10_000, messagesSent: 500, bytesReceived: 500, failedConnects: 0, senderBusy: 0.5 },
  };
}

function generator(cpuUsPerMessage: number, bytesPerConnection: number, connections = 1000): GeneratorRound {
  return { cpuUsPerMessage, cpuPercent: 10, messagesPerSecond: connections * 10, connections, bytesPerConnection };
}

test("every second round visits in reverse, so that drift falls on all alike", () => {
  expect(visits(["a", "b", "c"], 3).join("")).toBe("abccbaabc");
});

test("the middle of what was not visited is not a number", () => {
  expect(middle(new Map([["a", [1, 2, 9]]]), "a", (value) => [value])).toBe(2);
  expect(middle(new Map<string, number[]>(), "a", (value) => [value])).toBeNaN();
});

describe("servers", () => {
  const rounds = new Map([
    ["c-epoll", [server(4, 100), server(6, 120)]],
    ["tenk", [server(5, 121, 1500), server(6, 121, 1700)]],
    ["vertx", [server(10, 200)]],
  ]);

  test("are compared by their medians to the C peer and to Vert.x", () => {
    expect(serverTable(rounds).rows.map((row) => row.slice(0, 5))).toEqual([
      ["c-epoll", "5.00 (4.00-6.00)", "1.00", "1.00 x", "0.50 x"],
      ["tenk", "5.50 (5.00-6.00)", "1.00", "1.10 x", "0.55 x"],
      ["vertx", "10.0", "1.00", "2.00 x", "1.00 x"],
    ]);
  });

  test("are judged by the bars", () => {
    expect(serverBars(rounds).map(verdictOf)).toEqual(["met", "missed", "met", "met"]);
    const alone = serverBars(new Map([["tenk", [server(5, 1, 1)]]])).map(verdictOf);
    expect(alone).toEqual(["not measured", "not measured", "met", "not measured"]);
  });

  test("what spoils a figure is said", () => {
    expect(serverRemarks(rounds, OPTIONS)).toEqual([]);
    const spoilt = { ...server(5, 1), messagesPerSecond: 9000, bytesReceived: 499, failedConnects: 2 };
    expect(serverRemarks(new Map([["go", [spoilt]]]), OPTIONS)).toEqual([
      "go: the sender reached 9000 of 10000 messages/s",
      "go: got 499 of 500 bytes sent",
      "go: 2 connects failed",
    ]);
  });
});

describe("generators", () => {
  const rounds = new Map([
    ["tenk", [generator(4, 500)]],
    ["tcpkali", [generator(10, 700, 940)]],
    ["tenk-echo", [generator(5, 600)]],
    ["tenk-echo-latency", [generator(6, 700)]],
    ["tcpkali-echo-latency", [generator(12, 9000)]],
  ]);

  test("are compared with tcpkali doing the same work", () => {
    expect(generatorTable(rounds).rows.map((row) => row[2])).toEqual([
      "0.40 x",
      "1.00 x",
      "0.50 x",
      "0.50 x",
      "1.00 x",
    ]);
  });

  test("are judged, the latency's memory by difference", () => {
    expect(generatorBars(rounds).map((bar) => [bar.got, verdictOf(bar)])).toEqual([
      [0.4, "met"],
      [100, "met"],
    ]);
  });

  test("connections and messages that are not there are said", () => {
    expect(generatorRemarks(rounds, OPTIONS)).toEqual([
      "tcpkali: held 940 connections",
      "tcpkali: 9400 messages/s where 10000 were asked for",
    ]);
  });
});
