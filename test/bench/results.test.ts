import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { type GeneratorRound, generatorBars, generatorRemarks, generatorTable } from "../../bench/load.ts";
import type { BenchOptions } from "../../bench/options.ts";
import { middle, pairedRatio, ready, visits } from "../../bench/rounds.ts";
import type { ServerResult } from "../../bench/server.ts";
import { serverBars, serverRemarks, serverTable } from "../../bench/tcp.ts";

const OPTIONS = { connections: 1000, perSecond: 10, size: 1, rounds: 2 } as BenchOptions;

function server(cpu: readonly number[], burstMs: number, idleBytesPerConnection = 0): ServerResult {
  return {
    ...{ emptyBytes: 2e6, idleBytesPerConnection, loadedBytesPerConnection: 0 },
    slices: cpu.map((cpuUsPerMessage) => ({
      ...{ cpuUsPerMessage, userUsPerMessage: 1, messagesPerSecond: 10_000, senderBusy: 0.5 },
    })),
    bursts: [{ heldMs: burstMs, connectMaxMs: 1 }],
    ...{ failedConnects: 0, messagesSent: 500, bytesReceived: 500 },
  };
}

function generator(
  cpuUsPerMessage: number,
  bytesPerConnection: number,
  connections = 1000,
  perSecond = 10,
): GeneratorRound {
  const messagesPerSecond = connections * perSecond;
  return { cpuUsPerMessage, cpuPercent: 10, messagesPerSecond, messagesPerRead: 1, connections, bytesPerConnection };
}

test("every second round visits in reverse, so that drift falls on all alike", () => {
  expect(visits(["a", "b", "c"], 3).join("")).toBe("abccbaabc");
});

test("the middle of what was not visited is not a number", () => {
  expect(middle([1, 2, 9], (value) => value)).toBe(2);
  expect(middle(undefined, (value: number) => value)).toBeNaN();
});

test("a ratio is taken round by round, so that a slow round falls on both", () => {
  expect(pairedRatio([2, 20, 4], [2, 10, 1])).toBe(2);
  expect(pairedRatio([2, 3], [4])).toBe(0.5);
  expect(pairedRatio([2], [])).toBeNaN();
});

test("what cannot run is skipped by name, with the reason", () => {
  const peer = (name: string, reason?: string) => ({ name, prepare: () => reason, version: () => `${name} 1` });
  const { chosen, versions, skipped } = ready([peer("a"), peer("b", "no b here"), peer("c")], ["a", "b"]);
  expect(chosen.map((each) => each.name)).toEqual(["a"]);
  expect(versions).toEqual({ a: "a 1" });
  expect(skipped).toEqual({ b: "no b here" });
});

describe("servers", () => {
  const results = new Map([
    ["c-epoll", server([4, 6], 110)],
    ["tenk", server([4.4, 6.6], 121, 1600)],
    ["vertx", server([8, 12], 200)],
  ]);

  test("are compared by their medians to the C peer and to Vert.x", () => {
    expect(serverTable(results).rows.map((row) => row.slice(0, 5))).toEqual([
      ["c-epoll", "5.00 (4.00-6.00)", "1.00", "1.00 x", "0.50 x"],
      ["tenk", "5.50 (4.40-6.60)", "1.00", "1.10 x", "0.55 x"],
      ["vertx", "10.0 (8.00-12.0)", "1.00", "2.00 x", "1.00 x"],
    ]);
  });

  test("are judged by the bars", () => {
    expect(serverBars(results).map(verdictOf)).toEqual(["met", "missed", "met", "met"]);
    const alone = serverBars(new Map([["tenk", server([5], 1, 1)]])).map(verdictOf);
    expect(alone).toEqual(["not measured", "not measured", "met", "not measured"]);
  });

  test("what spoils a figure is said", () => {
    expect(serverRemarks(results, OPTIONS)).toEqual([]);
    const spoilt = { ...server([5], 1), bytesReceived: 499, failedConnects: 2 };
    expect(serverRemarks(new Map([["go", spoilt]]), OPTIONS)).toEqual([
      "go: 1 of 2 slices are missing, the sender was late",
      "go: got 499 of 500 bytes",
      "go: 2 connects failed",
    ]);
  });
});

describe("generators", () => {
  const rounds = new Map([
    ["tenk", [generator(4, 500)]],
    ["tcpkali", [generator(10, 700, 940)]],
    ["tcpkali-default", [generator(16, 700)]],
    ["tenk-echo", [generator(5, 600, 1000, 5)]],
    ["tenk-echo-latency", [generator(6, 700, 1000, 5)]],
    ["tcpkali-echo-latency", [generator(12, 9000, 1000, 5)]],
  ]);

  test("are compared with tcpkali doing the same work", () => {
    expect(generatorTable(rounds).rows.map((row) => row[2])).toEqual([
      "0.40 x",
      "1.00 x",
      "1.60 x",
      "0.50 x",
      "0.50 x",
      "1.00 x",
    ]);
  });

  test("are judged, the latency's memory by difference", () => {
    expect(generatorBars(rounds).map((bar) => [bar.got, verdictOf(bar)])).toEqual([
      [0.25, "met"],
      [0.4, "met"],
      [100, "met"],
    ]);
  });

  test("connections and messages that are not there are said", () => {
    expect(generatorRemarks(rounds, OPTIONS)).toEqual([
      "tcpkali: held 940 connections where 1000 were asked for",
      "tcpkali: 9400 messages/s where 10000 were asked for",
    ]);
  });
});
