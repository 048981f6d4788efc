import { describe, expect, test } from "bun:test";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { Verdict } from "../../../src/dns/blocking/mod.ts";
import { CHAIN_COUNTS, Chain, type Guard } from "../../../src/dns/chain/mod.ts";
import { LocalNames } from "../../../src/dns/local/mod.ts";
import { readEntry } from "../../../src/dns/log/entry.ts";
import { LogRing, LogVerdict, Transport } from "../../../src/dns/log/mod.ts";
import { SpecialNames } from "../../../src/dns/special/mod.ts";
import { parseName, parseType, Rcode } from "../../../src/wire/dns/mod.ts";
import { answer as stored } from "../answers/questions.ts";
import { blockerOf, guardThat } from "../chain/parts.ts";
import { queryBytes } from "../queries.ts";

const NOW_MS = 1_800_000_000_000;
const IP = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);

/** Asks a chain, and returns what its log has of that. */
function logged(bytes: Uint8Array, { transport, guard }: { transport?: Transport; guard?: Guard } = {}) {
  const cache = new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 });
  cache.put(stored("www.example", 300, 9), NOW_MS / 1000);
  cache.put(stored("stale.example", 300, 9), NOW_MS / 1000 - 1000);
  const log = new LogRing(LogRing.make(4096));
  const chain = new Chain({
    guard: guard ?? guardThat(),
    special: new SpecialNames({ bypassSignals: true }),
    local: new LocalNames({
      records: [{ name: parseName("nas.example")!, type: 1, ttlSeconds: 60, data: Uint8Array.of(192, 0, 0, 1) }],
      own: [],
      networks: [],
      ttlSeconds: 60,
    }),
    blocker: {
      ...blockerOf((name) => (name.startsWith("!") ? Verdict.blocked : Verdict.none)),
      decided: { lists: 2, labels: 1, rule: undefined },
    },
    cache,
    counts: new Float64Array(CHAIN_COUNTS),
    blockMode: "nxdomain",
    blockTtlSeconds: 10,
    log,
  });
  const asker = { ip: IP, isDatagram: true, nowMs: NOW_MS, ...(transport !== undefined && { transport }) };
  chain.answer(bytes, 0, bytes.length, new Uint8Array(4096), 0, 4096, asker);
  const at = log.next();
  return at < 0 ? undefined : readEntry(log, at, 0);
}

describe("a query is in the log, once, with its verdict:", () => {
  for (const [name, type, verdict, rcode, lists] of [
    ["NAS.example", "A", "local", Rcode.noError, 0],
    ["nas.example", "TXT", "local", Rcode.noError, 0],
    ["use-application-dns.net", "A", "special", Rcode.nxDomain, 0],
    ["!ads.example", "A", "blocked", Rcode.nxDomain, 2],
    ["www.example", "A", "cached", Rcode.noError, 2],
    ["www.example", "ANY", "refused", Rcode.refused, 0],
  ] as const) {
    test(`${name} ${type}: ${verdict}`, () => {
      expect(logged(queryBytes(name, type))).toMatchObject({
        ...{ name: name.toLowerCase(), type: parseType(type)!, verdict: LogVerdict[verdict], rcode, lists },
        ...{ client: "2001:db8::7", timeMs: NOW_MS, transport: Transport.udp, isStale: false, latencyUs: 0 },
      });
    });
  }

  test("malformed, without a name that cannot be read", () => {
    const cut = queryBytes("www.example").subarray(0, 20);
    expect(logged(cut)).toMatchObject({ verdict: LogVerdict.malformed, rcode: 1, name: undefined });
  });

  test("stale, where the answer was", () => {
    expect(logged(queryBytes("stale.example"))).toMatchObject({ verdict: LogVerdict.cached, isStale: true });
  });

  test("with the transport by which it came", () => {
    expect(logged(queryBytes("nas.example"), { transport: Transport.https })?.transport).toBe(Transport.https);
  });
});

describe("what is not in the log:", () => {
  test("a miss, which is written when it is resolved", () => {
    expect(logged(queryBytes("unknown.example"))).toBeUndefined();
  });

  test("a message that is not answered", () => {
    expect(logged(new Uint8Array(5))).toBeUndefined();
  });

  for (const reason of ["source", "rate"] as const) {
    test(`a query that is refused because of its ${reason}: a flood would push everything else out`, () => {
      expect(logged(queryBytes("www.example"), { guard: guardThat(reason) })).toBeUndefined();
    });
  }
});
