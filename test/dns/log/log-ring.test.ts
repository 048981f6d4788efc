import { describe, expect, test } from "bun:test";
import { readEntry } from "../../../src/dns/log/entry.ts";
import { LogRing, LogVerdict, NO_NAME, Privacy, Transport } from "../../../src/dns/log/mod.ts";
import { RecentEntries } from "../../../src/dns/log/recent-entries.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

const IP = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 7);
const NOW_MS = 1_800_000_000_000.5;
const DECIDED = { lists: 5, labels: 2, rule: undefined };
const BY_RULE = { lists: 4, labels: 0, rule: { placed: { file: 2, line: 70_000 } } };

function ringOf(bytes = 4096, privacy: Privacy = Privacy.showAll) {
  return new LogRing(LogRing.make(bytes, privacy));
}

function push(ring: LogRing, name = "ads.example.org", decided: typeof DECIDED | typeof BY_RULE = DECIDED): void {
  const bytes = parseName(name)!;
  ring.push(LogVerdict.blocked, Transport.tls, bytes, 0, 65, 3, true, decided, 2, 1500, NOW_MS, IP);
}

/** Takes all entries. */
function drain(ring: LogRing) {
  const entries = [];
  for (let at = ring.next(); at >= 0; at = ring.next()) {
    entries.push(readEntry(ring, at, entries.length));
    ring.release(at);
  }
  return entries;
}

describe("an entry", () => {
  test("has all that is known of the query, its name in small letters", () => {
    const ring = ringOf();
    push(ring, "Ads.Example.org");
    expect(drain(ring)).toEqual([
      {
        id: 0,
        timeMs: NOW_MS,
        client: "192.168.1.7",
        name: "ads.example.org",
        type: 65,
        verdict: LogVerdict.blocked,
        rcode: 3,
        transport: Transport.tls,
        isStale: true,
        latencyUs: 1500,
        upstream: 1,
        lists: 5,
        labels: 2,
        rule: undefined,
      },
    ]);
  });

  test("names file and line of a rule that decided", () => {
    const ring = ringOf();
    push(ring, "ads.example.org", BY_RULE);
    expect(drain(ring)[0]).toMatchObject({ lists: 4, labels: 0, rule: { file: 2, line: 70_000 } });
  });

  test("whose query has no name has none", () => {
    const ring = ringOf();
    ring.push(LogVerdict.malformed, Transport.udp, IP, NO_NAME, 0, 1, false, undefined, 0, 0, NOW_MS, IP);
    expect(drain(ring)[0]).toMatchObject({
      name: undefined,
      verdict: LogVerdict.malformed,
      rcode: 1,
      upstream: undefined,
    });
  });

  test("escapes what a client puts into a name", () => {
    const ring = ringOf();
    const name = String.raw`\027[31m\010evil.\"quoted\".example`;
    push(ring, name);
    expect(drain(ring)[0]!.name).toBe(name);
  });

  for (const [privacy, client, name, labels] of [
    [Privacy.showAll, "192.168.1.7", "ads.example.org", 2],
    [Privacy.hideNames, "192.168.1.7", undefined, 0],
    [Privacy.hideClients, undefined, undefined, 0],
    [Privacy.onlyCounts, undefined, undefined, 0],
  ] as const) {
    test(`at privacy level ${privacy} has the client ${client} and the name ${name}, also as bytes`, () => {
      const ring = ringOf(4096, privacy);
      push(ring);
      const bytes = Buffer.from(ring.buffer as unknown as ArrayBuffer).toString("latin1");
      expect([bytes.includes("example"), bytes.includes("\xc0\xa8\x01\x07")]).toEqual([
        name !== undefined,
        client !== undefined,
      ]);
      expect(drain(ring)[0]).toMatchObject({ client, name, labels, verdict: LogVerdict.blocked });
    });
  }

  test("of a rule hides the rule with the name", () => {
    const ring = ringOf(4096, Privacy.hideNames);
    push(ring, "ads.example.org", BY_RULE);
    expect(drain(ring)[0]).toMatchObject({ rule: undefined, lists: 4 });
  });
});

test("an entry is not written where the log is off", () => {
  const ring = ringOf(4096, Privacy.nothing);
  push(ring);
  expect([drain(ring), ring.dropped]).toEqual([[], 0]);
});

describe("a ring", () => {
  test("delivers all entries in order, however they wrap", () => {
    const ring = ringOf(1024);
    let [pushed, taken] = [0, 0];
    for (let round = 0; round < 500; round++) {
      for (let count = 0; count < 1 + (round % 7); count++)
        push(ring, `n${pushed++}.${"x".repeat(round % 60)}y.example`);
      for (const { name } of drain(ring)) expect(name).toStartWith(`n${taken++}.`);
    }
    expect([taken, ring.dropped]).toEqual([pushed, 0]);
  });

  test("drops and counts entries that find no room, and goes on when there is some", () => {
    const ring = ringOf(1024);
    for (let count = 0; count < 50; count++) push(ring);
    const kept = drain(ring).length;
    expect([kept + ring.dropped, kept > 8]).toEqual([50, true]);
    push(ring);
    expect(drain(ring).length).toBe(1);
  });

  test("calls its reader once when it is half full, and again when that has looked", () => {
    const ring = ringOf(1024);
    const calls = Array.from({ length: 12 }, () => {
      push(ring);
      return ring.needsCall();
    });
    expect(calls.filter(Boolean).length).toBe(1);
    expect(calls.indexOf(true)).toBe(7);
    ring.beginRead();
    expect(ring.needsCall()).toBe(true);
  });
});

describe("the last entries in memory", () => {
  /** Adds entries `n<from>` to `n<to - 1>` with these ids. */
  function fill(recent: RecentEntries, from: number, to: number): void {
    const ring = ringOf();
    for (let id = from; id < to; id++) {
      push(ring, `n${id}.${"x".repeat(1 + (id % 50))}.example`);
      const at = ring.next();
      recent.add(ring, at, id);
      ring.release(at);
    }
  }

  for (const [maxBytes, maxEntries] of [
    [4096, 1000],
    [65_536, 20],
    [256, 1000],
  ] as const) {
    test(`are the newest in ${maxBytes} bytes and ${maxEntries} places`, () => {
      const recent = new RecentEntries(maxBytes, maxEntries);
      for (let from = 0; from < 600; from += 100) {
        fill(recent, from, from + 100);
        const kept = recent.count - recent.first;
        expect(kept).toBeGreaterThan(0);
        expect(kept).toBeLessThanOrEqual(Math.min(maxEntries, maxBytes / 64));
        for (let number = recent.first; number < recent.count; number++) {
          const entry = readEntry(recent, recent.at(number), recent.id(number));
          expect([entry.id, entry.name?.split(".")[0]]).toEqual([number, `n${number}`]);
        }
      }
    });
  }

  test("are found by their id", () => {
    const recent = new RecentEntries(65_536, 20);
    fill(recent, 100, 150);
    expect([recent.after(0), recent.after(139), recent.after(148), recent.after(149)]).toEqual([30, 40, 49, 50]);
  });

  test("are gone when cleared", () => {
    const recent = new RecentEntries(4096, 100);
    fill(recent, 0, 30);
    recent.clear();
    expect([recent.count - recent.first, recent.bytes.every((byte) => byte === 0)]).toEqual([0, true]);
    fill(recent, 30, 40);
    expect(recent.id(recent.first)).toBe(30);
  });
});
