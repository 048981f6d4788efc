import { describe, expect, test } from "bun:test";
import type { NewAnswer } from "../../../src/dns/answers/mod.ts";
import { type BlockMode, ChainCount, variantOf } from "../../../src/dns/chain/mod.ts";
import { Flag } from "../../../src/wire/dns/mod.ts";
import { answer as stored } from "../answers/questions.ts";
import { type QueryFields, queryBytes } from "../queries.ts";
import { ask, chainOf, NOW_MS, SOA, told } from "./asking.ts";
import { guardThat } from "./parts.ts";

describe("a query that nothing here answers", () => {
  test("is a miss, with what was read of it", () => {
    const { chain, counts } = chainOf();
    expect(ask(chain, queryBytes("example.org", "MX", { wantsDnssec: true }))).toBe("miss");
    expect([chain.query.type, chain.query.wantsDnssec, variantOf(chain.query)]).toEqual([15, true, 1]);
    expect([counts[ChainCount.queries], counts[ChainCount.missed]]).toEqual([1, 1]);
  });
});

describe("queries that are refused", () => {
  for (const [why, bytes, rcode, place] of [
    ["a class other than IN", queryBytes("version.bind", "TXT", { class: 3 }), "REFUSED", 2],
    ["ANY", queryBytes("example.org", "ANY"), "REFUSED", 3],
    ["a transfer", queryBytes("example.org", "AXFR"), "REFUSED", 4],
  ] as const) {
    test(`${why}: ${rcode}`, () => {
      const { chain, counts } = chainOf();
      expect(told(chain, bytes)).toMatchObject({ rcode, records: [], hasOpt: false });
      expect(counts[ChainCount.refused + place]).toBe(1);
    });
  }

  test("by the guard, before anything is looked for, with the reason for who understands it", () => {
    const { chain, counts } = chainOf({ guard: guardThat("source") });
    const query = queryBytes("nas.example", "A", { udpBytes: 1232 });
    expect(told(chain, query, { isDatagram: false })).toMatchObject({
      rcode: "REFUSED",
      error: expect.stringContaining("Prohibited"),
    });
    expect([counts[ChainCount.refused], counts[ChainCount.local]]).toEqual([1, 0]);
  });

  for (const udpBytes of [undefined, 1232]) {
    test(`by the guard, in a datagram that is not longer than the query: ${udpBytes ? "with" : "without"} EDNS`, () => {
      const { chain } = chainOf({ guard: guardThat("source") });
      const query = queryBytes("nas.example", "A", udpBytes === undefined ? {} : { udpBytes });
      expect(told(chain, query)).toMatchObject({ rcode: "REFUSED", length: query.length, error: "" });
    });
  }

  test("by a guard that wants no answer get none, and are counted", () => {
    const { chain, counts } = chainOf({ guard: guardThat("rate", true) });
    expect(ask(chain, queryBytes("nas.example"))).toBe("none");
    expect([counts[ChainCount.refused + 1], counts[ChainCount.dropped]]).toEqual([1, 1]);
  });

  test("malformed ones get the code that says so, responses and scraps nothing", () => {
    const { chain, counts } = chainOf();
    const two = queryBytes("example.org");
    two[5] = 2;
    expect(told(chain, two).rcode).toBe("FORMERR");
    const update = queryBytes("example.org", "A", { flags: 0x2800 });
    expect(told(chain, update).rcode).toBe("NOTIMP");
    expect(ask(chain, queryBytes("example.org", "A", { flags: 0x8180 }))).toBe("none");
    expect(ask(chain, Uint8Array.of(1, 2, 3))).toBe("none");
    const malformed = counts.subarray(ChainCount.malformed, ChainCount.malformed + 11);
    expect(malformed.reduce((sum, count) => sum + count)).toBe(4);
  });

  test("a stranger is told no more of a malformed query than of a good one", () => {
    const { chain } = chainOf({ guard: guardThat("source") });
    const two = queryBytes("example.org");
    two[5] = 2;
    expect(told(chain, two).rcode).toBe("REFUSED");
  });
});

describe("blocked names", () => {
  for (const [blockMode, type, rcode, records] of [
    ["null-address", "A", "NOERROR", ["A 0.0.0.0"]],
    ["null-address", "AAAA", "NOERROR", ["AAAA ::"]],
    ["null-address", "HTTPS", "NOERROR", [SOA]],
    ["no-data", "A", "NOERROR", [SOA]],
    ["nxdomain", "A", "NXDOMAIN", [SOA]],
    ["refused", "A", "REFUSED", []],
  ] as const) {
    test(`${blockMode}, ${type}: ${rcode} ${records.join()}`, () => {
      const { chain, counts } = chainOf({ blockMode: blockMode as BlockMode });
      expect(told(chain, queryBytes("!ads.example", type))).toMatchObject({
        rcode,
        records: [...records],
        hasOpt: false,
      });
      expect(counts[ChainCount.blocked]).toBe(1);
    });
  }

  test("asked with EDNS are answered with OPT and extended error 15 (AdGuardHome#8183)", () => {
    const { chain } = chainOf();
    const answer = told(chain, queryBytes("!ads.example", "A", { udpBytes: 1400 }));
    expect(answer).toMatchObject({ hasOpt: true, records: ["A 0.0.0.0"], error: expect.stringContaining("Blocked") });
  });

  test("are not asked for in the cache, local names are not asked of the lists", () => {
    const { chain, cache } = chainOf();
    cache.put(stored("!a.example", 60, 1), NOW_MS / 1000);
    expect(told(chain, queryBytes("!a.example")).records).toEqual(["A 0.0.0.0"]);
    expect(told(chain, queryBytes("!b.example")).records).toEqual(["A 192.0.0.2"]);
  });
});

describe("local names", () => {
  test("are answered with authority, in the case that was asked, of another type with nothing", () => {
    const { chain, counts } = chainOf();
    const answer = told(chain, queryBytes("NAS.example", "A", { udpBytes: 1232 }));
    expect(answer).toMatchObject({ records: ["A 192.0.0.1"], hasOpt: true });
    expect(Buffer.from(answer.bytes).toString("latin1")).toContain("NAS");
    expect(answer.bytes[2]! & 4).toBe(4);
    expect(told(chain, queryBytes("nas.example", "AAAA"))).toMatchObject({ rcode: "NOERROR", records: [SOA] });
    expect(counts[ChainCount.local]).toBe(2);
  });
});

describe("special names", () => {
  test("localhost is this machine, of other types nothing", () => {
    const { chain, counts } = chainOf();
    expect(told(chain, queryBytes("localhost")).records).toEqual(["A 127.0.0.1"]);
    expect(told(chain, queryBytes("a.localhost", "AAAA")).records).toEqual(["AAAA ::1"]);
    expect(told(chain, queryBytes("localhost", "MX"))).toMatchObject({ rcode: "NOERROR", records: [SOA] });
    expect(counts[ChainCount.special]).toBe(3);
  });

  test("names of this house are below zones that exist nowhere else", () => {
    const { chain } = chainOf();
    expect(told(chain, queryBytes("git.home.arpa")).records).toEqual(["A 192.0.0.9"]);
    expect(told(chain, queryBytes("other.home.arpa"))).toMatchObject({ rcode: "NXDOMAIN", records: [SOA] });
  });
});

describe("cached answers", () => {
  test("are given with the query's id, with OPT where the query has it", () => {
    const { chain, cache } = chainOf();
    cache.put(stored("www.example", 60, 3), NOW_MS / 1000);
    const plain = told(chain, queryBytes("www.example", "A", { id: 0xbeef }));
    expect(plain).toMatchObject({ records: ["A 192.0.0.3"], hasOpt: false });
    expect([...plain.bytes.subarray(0, 2)]).toEqual([0xbe, 0xef]);
    expect(told(chain, queryBytes("www.example", "A", { udpBytes: 4096 }))).toMatchObject({ hasOpt: true, error: "" });
  });

  test("with DO and without are two answers", () => {
    const { chain, cache } = chainOf();
    cache.put(stored("www.example", 60, 3, 0, 1), NOW_MS / 1000);
    expect(ask(chain, queryBytes("www.example"))).toBe("miss");
    expect(told(chain, queryBytes("www.example", "A", { wantsDnssec: true })).records).toHaveLength(1);
  });

  test("tell AD only to who asked for it, and repeat CD", () => {
    const { chain, cache } = chainOf();
    for (const variant of [0, 1, 2]) {
      const answer = stored("www.example", 60, 3, 0, variant);
      answer.bytes[3]! |= Flag.authenticData;
      cache.put(answer, NOW_MS / 1000);
    }
    const flagsOf = (fields: QueryFields) => {
      const { ad, cd } = told(chain, queryBytes("www.example", "A", fields));
      return { ad, cd };
    };
    expect(flagsOf({})).toEqual({ ad: false, cd: false });
    expect(flagsOf({ flags: 0x0120 })).toEqual({ ad: true, cd: false });
    expect(flagsOf({ wantsDnssec: true })).toEqual({ ad: true, cd: false });
    expect(flagsOf({ flags: 0x0110 })).toEqual({ ad: false, cd: true });
  });

  test("that are stale say so, and are asked for anew", () => {
    const { chain, cache, counts } = chainOf();
    cache.put(stored("www.example", 60, 3), NOW_MS / 1000);
    const answer = told(chain, queryBytes("www.example", "A", { udpBytes: 1232 }), { nowMs: NOW_MS + 61_000 });
    expect([chain.wantsRefresh, counts[ChainCount.stale]]).toEqual([true, 1]);
    expect(answer.error).toContain("Stale Answer");
    ask(chain, queryBytes("other.example"));
    expect(chain.wantsRefresh).toBe(false);
  });

  test("that fill what the client accepts to the last byte are whole, and do not say that they are stale", () => {
    const { chain, cache } = chainOf();
    // A length byte stands before each 255 characters.
    const overhead = textAnswer("www.example", 0).length + Math.ceil(1232 / 256);
    cache.put(textAnswer("www.example", 1232 - 11 - overhead), NOW_MS / 1000);
    for (const nowMs of [NOW_MS, NOW_MS + 61_000]) {
      const answer = told(chain, queryBytes("www.example", "TXT", { udpBytes: 1232 }), { nowMs });
      expect([answer.bytes.length, answer.isTruncated, answer.error]).toEqual([1232, false, ""]);
    }
  });

  for (const [what, fields, options, isTruncated] of [
    ["512 bytes by UDP without EDNS", {}, {}, true],
    ["what the client takes", { udpBytes: 900 }, {}, false],
    ["1232 bytes, however much the client takes", { udpBytes: 4096 }, { extra: 1300 }, true],
    ["all by TCP", {}, { isDatagram: false, extra: 5000 }, false],
  ] as const) {
    test(`no more than ${what}`, () => {
      const { extra = 600, ...how } = options as { extra?: number; isDatagram?: boolean };
      const { chain, cache, counts } = chainOf();
      cache.put(textAnswer("www.example", extra), NOW_MS / 1000);
      const answer = told(chain, queryBytes("www.example", "TXT", fields), how);
      expect(answer.isTruncated).toBe(isTruncated);
      expect(answer.records.length).toBe(isTruncated ? 0 : 1);
      expect(counts[ChainCount.truncated]).toBe(isTruncated ? 1 : 0);
    });
  }
});

/** A stored answer with one TXT record of so many characters. */
function textAnswer(name: string, characters: number): NewAnswer {
  const query = queryBytes(name, "TXT", { flags: 0x8180 });
  const text = [...Buffer.from("x".repeat(characters))];
  const strings: number[] = [];
  for (let at = 0; at < text.length; at += 255)
    strings.push(Math.min(255, text.length - at), ...text.slice(at, at + 255));
  const record = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, strings.length >> 8, strings.length & 255, ...strings];
  query[7] = 1;
  const bytes = Uint8Array.from([...query, ...record]);
  const nameBytes = query.length - 16;
  return {
    bytes,
    length: bytes.length,
    nameBytes,
    variant: 0,
    ttlOffsets: [query.length + 6],
    ttls: 1,
    ttlSeconds: 60,
    leadsElsewhere: false,
  };
}
