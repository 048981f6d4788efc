import { describe, expect, test } from "bun:test";
import { LogRing, LogVerdict, Privacy, Transport } from "../../../src/dns/log/mod.ts";
import { Statistics } from "../../../src/dns/log/statistics.ts";
import { TopCounts, topOf } from "../../../src/dns/log/top-counts.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 30, 12);
const ring = new LogRing(LogRing.make(65_536));

function count(statistics: Statistics, name: string, verdict: LogVerdict, atMs = START_MS, client = 7): void {
  const ip = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, client);
  const { udp } = Transport;
  ring.push(verdict, udp, parseName(name)!, 0, 1, 0, false, undefined, 0, 0, atMs, ip);
  const at = ring.next();
  statistics.add(ring, at);
  ring.release(at);
}

describe("the most frequent keys in a fixed number of slots", () => {
  /** Keys by a skewed distribution: key k about 1/k as often as key 1. */
  function skewed(slots: number, keys: number, total: number) {
    const counts = new TopCounts(slots, 7);
    const exact = new Map<number, number>();
    let seed = 1;
    for (let index = 0; index < total; index++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const key = Math.floor(keys ** (seed / 2 ** 32));
      exact.set(key, (exact.get(key) ?? 0) + 1);
      let slot = counts.slotOf(Math.imul(key, 0x9e3779b1));
      if (slot < 0 && !counts.admits()) continue;
      if (slot < 0) slot = counts.take(Math.imul(key, 0x9e3779b1), `k${key}`);
      counts.add(slot, false);
    }
    return { counts, exact };
  }

  test("are exact while there are slots", () => {
    const { counts, exact } = skewed(500, 400, 5000);
    for (const { key, count } of counts.all()) expect(count).toBe(exact.get(Number(key.slice(1)))!);
    expect(counts.size).toBe(exact.size);
  });

  test("are found among ten thousand others, and never counted too high", () => {
    const { counts, exact } = skewed(128, 10_000, 100_000);
    const found = topOf([counts], 10);
    const expected = [...exact].sort((a, b) => b[1] - a[1]).slice(0, 10);
    expect(found.map(({ key }) => key)).toEqual(expected.map(([key]) => `k${key}`));
    for (const { key, count } of found) {
      const really = exact.get(Number(key.slice(1)))!;
      expect(count).toBeLessThanOrEqual(really);
      expect(count).toBeGreaterThan(really * 0.9);
    }
    expect(counts.size).toBe(128);
  });

  test("of several hours are added up", () => {
    const [first, second] = [new TopCounts(4, 7), new TopCounts(4, 7)];
    first.add(first.take(1, "a"), false, 5);
    first.add(first.take(2, "b"), true, 3);
    second.add(second.take(9, "b"), false, 4);
    expect(topOf([first, second], 5)).toEqual([
      { key: "b", count: 7, marked: 3 },
      { key: "a", count: 5, marked: 0 },
    ]);
    expect(topOf([first, second], 5, "marked").map(({ key }) => key)).toEqual(["b"]);
  });
});

describe("the summary of the last hours", () => {
  test("has verdicts by hour, the blocked share, and the most frequent clients and names", () => {
    const statistics = new Statistics({ seed: 5 });
    count(statistics, "ads.example", LogVerdict.blocked, START_MS, 7);
    count(statistics, "ADS.example", LogVerdict.blocked, START_MS + 5, 8);
    count(statistics, "www.example", LogVerdict.cached, START_MS + HOUR_MS, 8);
    count(statistics, "www.example", LogVerdict.forwarded, START_MS + HOUR_MS, 8);
    const summary = statistics.summary(START_MS + HOUR_MS + 1, 24, 10);
    expect(summary).toMatchObject({
      queries: 4,
      blockedShare: 0.5,
      verdicts: { blocked: 2, cached: 1, forwarded: 1, local: 0 },
      clients: [
        { client: "192.168.1.8", queries: 3, blocked: 1 },
        { client: "192.168.1.7", queries: 1, blocked: 1 },
      ],
      blockedNames: [{ name: "ads.example", queries: 2 }],
      allowedNames: [{ name: "www.example", queries: 2 }],
    });
    expect(summary.hours.map(({ startMs, verdicts }) => [startMs, verdicts.blocked])).toEqual([
      [START_MS, 2],
      [START_MS + HOUR_MS, 0],
    ]);
    expect(statistics.summary(START_MS + HOUR_MS + 1, 1).queries).toBe(2);
  });

  test("has no hour that is older, and memory for no more than its hours", () => {
    const statistics = new Statistics({ seed: 5, hours: 3 });
    for (let hour = 0; hour < 10; hour++) count(statistics, "www.example", LogVerdict.local, START_MS + hour * HOUR_MS);
    expect(statistics.summary(START_MS + 9 * HOUR_MS, 24).queries).toBe(3);
    expect(statistics.summary(START_MS + 11 * HOUR_MS, 2).queries).toBe(0);
  });

  test("counts an entry that comes a little late in its hour or the next one, never in a new one", () => {
    const statistics = new Statistics({ seed: 5 });
    for (const atMs of [HOUR_MS - 1, HOUR_MS, HOUR_MS - 1])
      count(statistics, "a.example", LogVerdict.local, START_MS + atMs);
    expect(statistics.summary(START_MS + HOUR_MS).hours.map(({ verdicts }) => verdicts.local)).toEqual([1, 2]);
  });

  test("goes on after a restart from what was stored", () => {
    const statistics = new Statistics({ seed: 5 });
    const hour = START_MS / HOUR_MS;
    const verdicts = [0, 0, 0, 4, 6];
    const names = (key: string, count: number) => [{ key, count, marked: 0 }];
    const clients = [{ key: "192.168.1.7", count: 10, marked: 4 }];
    statistics.load([{ hour, verdicts, clients, blocked: names("ads.example", 4), allowed: names("www.example", 6) }]);
    count(statistics, "www.example", LogVerdict.cached, START_MS + 7);
    expect(statistics.summary(START_MS)).toMatchObject({
      queries: 11,
      clients: [{ client: "192.168.1.7", queries: 11, blocked: 4 }],
      blockedNames: [{ name: "ads.example", queries: 4 }],
      allowedNames: [{ name: "www.example", queries: 7 }],
    });
  });

  for (const [privacy, clients] of [
    [Privacy.hideNames, 1],
    [Privacy.hideClients, 0],
  ] as const) {
    test(`forgets what privacy level ${privacy} forbids, and keeps the counts`, () => {
      const statistics = new Statistics({ seed: 5 });
      count(statistics, "ads.example", LogVerdict.blocked);
      statistics.forget(privacy >= Privacy.hideClients);
      const summary = statistics.summary(START_MS);
      expect([summary.queries, summary.blockedNames.length, summary.clients.length]).toEqual([1, 0, clients]);
    });
  }
});
