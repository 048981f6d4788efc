import { describe, expect, test } from "bun:test";
import type { NewAnswer } from "../../../src/dns/answers/mod.ts";
import { Verdict } from "../../../src/dns/blocking/mod.ts";
import { ChainCount, MISS } from "../../../src/dns/chain/mod.ts";
import type { Rewrite } from "../../../src/dns/list-format/mod.ts";
import { parseRdata, parseType, Rcode } from "../../../src/wire/dns/mod.ts";
import { queryBytes } from "../queries.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { ask, chainOf, NOW_MS, SOA, told } from "./asking.ts";
import { blockerOf } from "./parts.ts";

const rewrite = (type: string, data: string): Rewrite => ({
  rcode: 0,
  type: parseType(type)!,
  data: parseRdata(parseType(type)!, data),
});
const code = (rcode: keyof typeof Rcode): Rewrite => ({ rcode: Rcode[rcode], type: 0, data: new Uint8Array() });

/** An upstream's answer to this question, as the cache stores it. */
function storedAnswer(name: string, type: string, records: readonly string[]): NewAnswer {
  const bytes = replyTo(queryBytes(name, type, { id: 0 }), { answer: records });
  const nameBytes = questionOf(bytes).name.length;
  return {
    ...{ bytes, length: bytes.length, nameBytes, variant: 0, ttlOffsets: [], ttls: 0, ttlSeconds: 300 },
    leadsElsewhere: records.some((record) => /\b(CNAME|HTTPS|SVCB)\b/.test(record)),
  };
}

describe("custom addresses for blocked names:", () => {
  const both = { ipv4: Uint8Array.of(192, 0, 2, 9), ipv6: Uint8Array.of(0x20, 1, ...new Array<number>(13).fill(0), 9) };
  test.each([
    ["A", both, "A 192.0.2.9"],
    ["AAAA", both, "AAAA 2001::9"],
    ["AAAA", { ipv4: both.ipv4 }, SOA],
    ["HTTPS", both, SOA],
  ])("%s", (type, blockAddresses, expected) => {
    const { chain } = chainOf({ blockMode: "custom", blockAddresses });
    expect(told(chain, queryBytes("!ads.example", type)).records).toEqual([expected]);
  });
});

describe("a rule that says how to block", () => {
  for (const [how, rewrites, type, rcode, records] of [
    ["NXDOMAIN", [code("nxDomain")], "A", "NXDOMAIN", [SOA]],
    ["REFUSED", [code("refused")], "A", "REFUSED", []],
    ["NOERROR", [code("noError")], "A", "NOERROR", [SOA]],
    ["an address", [rewrite("A", "0.0.0.0")], "A", "NOERROR", ["A 0.0.0.0"]],
    ["an address of the other family", [rewrite("A", "0.0.0.0")], "AAAA", "NOERROR", [SOA]],
  ] as const) {
    test(`${how}: ${rcode} ${records.join()}`, () => {
      const { chain, counts } = chainOf({ blocker: blockerOf(() => Verdict.blocked, rewrites), blockMode: "no-data" });
      const answer = told(chain, queryBytes("ads.example", type, { udpBytes: 1232 }));
      expect(answer).toMatchObject({ rcode, records: [...records], error: expect.stringContaining("Blocked") });
      expect(counts[ChainCount.blocked]).toBe(1);
    });
  }
});

describe("a rewritten name", () => {
  const rewrites = [rewrite("A", "192.0.2.1"), rewrite("A", "192.0.2.2"), rewrite("MX", "10 mail.example.")];
  test.each([
    ["A", ["A 192.0.2.1", "A 192.0.2.2"]],
    ["MX", ["MX 10 mail.example."]],
    ["AAAA", [SOA]],
  ])("has the records of the rule: %s", (type, records) => {
    const { chain, counts } = chainOf({ blocker: blockerOf(() => Verdict.rewritten, rewrites) });
    const answer = told(chain, queryBytes("www.example", type, { udpBytes: 1232 }));
    expect(answer).toMatchObject({ rcode: "NOERROR", records, error: expect.stringContaining("Forged Answer") });
    expect([counts[ChainCount.rewritten], counts[ChainCount.missed]]).toEqual([1, 0]);
  });
});

describe("an answer that leads to a blocked name is blocked (AdGuardHome#3335):", () => {
  const CLOAKED = [
    "www.example 300 CNAME a.example",
    "a.example 300 CNAME ADS.tracker.example",
    "ads.tracker.example 300 A 192.0.2.1",
  ];
  const lists = (name: string) => (name === "ads.tracker.example" ? Verdict.blocked : Verdict.none);

  for (const [what, type, records] of [
    ["by CNAME, over two links, in another case", "A", CLOAKED],
    ["by HTTPS", "HTTPS", ["www.example 300 HTTPS 1 ads.tracker.example."]],
    ["by an alias of HTTPS", "HTTPS", ["www.example 300 HTTPS 0 ads.tracker.example."]],
    ["by SVCB", "SVCB", ["www.example 300 SVCB 1 ads.tracker.example. alpn=h2"]],
    ["by CNAME alone", "AAAA", ["www.example 300 CNAME ads.tracker.example"]],
  ] as const) {
    test(`${what}, from the cache and fresh`, () => {
      const { chain, cache, counts } = chainOf({ blocker: blockerOf(lists), blockMode: "nxdomain" });
      cache.put(storedAnswer("www.example", type, records), NOW_MS / 1000);
      const query = queryBytes("www.example", type, { udpBytes: 1232 });
      expect(told(chain, query)).toMatchObject({
        rcode: "NXDOMAIN",
        records: [SOA],
        error: expect.stringContaining("Blocked"),
      });
      expect([counts[ChainCount.blocked], counts[ChainCount.blockedTargets], counts[ChainCount.cached]]).toEqual([
        1, 1, 0,
      ]);
      expect(chain.wantsRefresh).toBe(false);
      expect(review(chain, query, storedAnswer("www.example", type, records))).toBeGreaterThan(0);
      expect(counts[ChainCount.blockedTargets]).toBe(2);
    });
  }

  for (const [what, decide, name, type, records] of [
    [
      "leads to other names",
      lists,
      "www.example",
      "A",
      ["www.example 300 CNAME a.example", "a.example 300 A 192.0.2.1"],
    ],
    [
      "is about itself",
      (text: string) => (text === "." ? Verdict.blocked : Verdict.none),
      "www.example",
      "HTTPS",
      ["www.example 300 HTTPS 1 ."],
    ],
    ["has the name in other data only", lists, "www.example", "MX", ["www.example 300 MX 1 ads.tracker.example."]],
    [
      "is of a name that a rule allows",
      (text: string) => (text === "www.example" ? Verdict.allowed : lists(text)),
      "www.example",
      "A",
      CLOAKED,
    ],
  ] as const) {
    test(`not one that ${what}`, () => {
      const { chain, cache, counts } = chainOf({ blocker: blockerOf(decide) });
      cache.put({ ...storedAnswer(name, type, records), leadsElsewhere: true }, NOW_MS / 1000);
      expect(told(chain, queryBytes(name, type)).records).toHaveLength(records.length);
      expect(review(chain, queryBytes(name, type), storedAnswer(name, type, records))).toBe(MISS);
      expect([counts[ChainCount.cached], counts[ChainCount.blockedTargets]]).toEqual([1, 0]);
    });
  }

  test("a fresh answer to a name that has been blocked meanwhile is blocked", () => {
    const { chain } = chainOf();
    const records = ["!www.example 300 A 192.0.2.1"];
    expect(review(chain, queryBytes("!www.example"), storedAnswer("!www.example", "A", records))).toBeGreaterThan(0);
  });
});

function review(chain: ReturnType<typeof chainOf>["chain"], query: Uint8Array, { bytes, length }: NewAnswer): number {
  const asker = { ip: new Uint8Array(16), isDatagram: true, nowMs: NOW_MS };
  return chain.review(query, bytes, length, new Uint8Array(1232), 0, 1232, asker);
}

describe("names of services stand for their host:", () => {
  const lists = (name: string) => (name === "ads.example" ? Verdict.blocked : Verdict.none);
  test.each([
    ["_8443._https.ads.example", "HTTPS", true],
    ["_dns.ads.example", "SVCB", true],
    ["_ESNI.ads.example", "TXT", true],
    ["_dmarc.ads.example", "TXT", false],
    ["_esnis.ads.example", "TXT", false],
    ["www.ads.example", "HTTPS", false],
    ["_https", "HTTPS", false],
    [".", "HTTPS", false],
  ])("%s %s: %p", (name, type, isBlocked) => {
    const { chain, counts } = chainOf({ blocker: blockerOf(lists) });
    ask(chain, queryBytes(name, type));
    expect(counts[ChainCount.blocked]).toBe(isBlocked ? 1 : 0);
  });
});
