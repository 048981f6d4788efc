import { describe, expect, test } from "bun:test";
import type { Asker } from "../../../src/dns/chain/mod.ts";
import { type GuardOptions, guardSettings, type RefusalNotice, SourceGuard } from "../../../src/dns/guard/mod.ts";
import { mappedIp, parseNetwork } from "../../../src/dns/local/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";

const NOW_MS = 1_800_000_000_000;
/** The networks of a machine's interfaces. */
const INTERFACES = ["198.51.100.7/28", "2001:db8:1:2::7/64"].map(parseNetwork);

function open(options: GuardOptions = {}) {
  const notices: RefusalNotice[] = [];
  const guard = new SourceGuard(
    guardSettings(options, INTERFACES),
    (notice) => void ("reason" in notice && notices.push(notice)),
  );
  const ask = (address: string, how: Partial<Asker> = {}) => {
    const refusal = guard.refusal({ ip: mappedIp(parseIp(address)!), isDatagram: true, nowMs: NOW_MS, ...how });
    return refusal === undefined ? "answered" : `${refusal}${guard.isSilent ? ", silent" : ""}`;
  };
  return { notices, ask, times: (count: number, address: string) => Array.from({ length: count }, () => ask(address)) };
}

describe("sources", () => {
  test.each([
    ["127.0.0.1", "answered"],
    ["10.255.255.255", "answered"],
    ["11.0.0.0", "source"],
    ["172.15.255.255", "source"],
    ["172.16.0.0", "answered"],
    ["172.31.255.255", "answered"],
    ["172.32.0.0", "source"],
    ["192.168.7.7", "answered"],
    ["169.254.1.1", "answered"],
    ["100.64.0.1", "source"],
    ["::1", "answered"],
    ["::2", "source"],
    ["fe80::1", "answered"],
    ["fd12:3456::1", "answered"],
    ["fe00::1", "source"],
    ["198.51.100.15", "answered"],
    ["198.51.100.16", "source"],
    ["2001:db8:1:2:ffff::1", "answered"],
    ["2001:db8:1:3::1", "source"],
    ["8.8.8.8", "source"],
  ])("%s: %s", (address, expected) => {
    expect(open().ask(address)).toBe(expected);
  });

  test("ranges that are allowed are added to those of the house", () => {
    const { ask } = open({ allow: ["100.64.0.0/10", "2001:db8:9::/48"] });
    expect([ask("100.127.0.1"), ask("2001:db8:9:1::1"), ask("192.168.1.1"), ask("8.8.8.8")]).toEqual([
      ...["answered", "answered", "answered", "source"],
    ]);
    expect(open({ allow: ["0.0.0.0/0"] }).ask("8.8.8.8")).toBe("answered");
    expect(open({ allow: ["0.0.0.0/0"] }).ask("2001:db8:9::1")).toBe("source");
  });

  test.each(["10.0.0.0/33", "10.0.0/8", "house", "10.0.0.0/8/8", "fd00::/129", "10.0.0.0/"])(
    "%s is no range",
    (text) => {
      expect(() => open({ allow: [text] })).toThrow("as a range of addresses");
    },
  );

  test("strangers are answered a few times a second by datagram, always by TCP", () => {
    const { ask, times } = open({ refusalsPerSecond: 2 });
    expect(times(4, "8.8.8.8")).toEqual(["source", "source", "source, silent", "source, silent"]);
    expect(ask("8.8.8.8", { isDatagram: false })).toBe("source");
    expect(ask("8.8.4.4")).toBe("source, silent");
    expect(ask("8.8.8.8", { nowMs: NOW_MS + 1000 })).toBe("source");
  });
});

describe("a rate", () => {
  const FEW = { rateQueries: 3, rateWindowMs: 30_000 };

  test("allows so many at once, then one by one; a datagram above it gets no answer, a query by TCP does", () => {
    const { ask, times } = open(FEW);
    expect(times(4, "192.168.1.7")).toEqual(["answered", "answered", "answered", "rate, silent"]);
    expect(ask("192.168.1.7", { isDatagram: false })).toBe("rate");
    expect(ask("192.168.1.8")).toBe("answered");
    expect(ask("192.168.1.7", { nowMs: NOW_MS + 9999 })).toBe("rate, silent");
    expect(ask("192.168.1.7", { nowMs: NOW_MS + 10_000 })).toBe("answered");
    expect(ask("192.168.1.7", { nowMs: NOW_MS + 10_001 })).toBe("rate, silent");
  });

  test("is each address's in a network of this house, and each /64's elsewhere", () => {
    const one = { rateQueries: 1, rateWindowMs: 30_000, allow: ["2001:db8:9::/48"] };
    const { ask } = open(one);
    const ask2 = (first: string, second: string) => [ask(first), ask(second)];
    expect(ask2("2001:db8:1:2::1", "2001:db8:1:2::2")).toEqual(["answered", "answered"]);
    expect(ask2("fe80::1", "fe80::2")).toEqual(["answered", "answered"]);
    expect(ask2("2001:db8:9:1::1", "2001:db8:9:1::2")).toEqual(["answered", "rate, silent"]);
    expect(ask("2001:db8:9:2::1")).toBe("answered");
  });

  test("does not concern programs of this machine, unless they are told to be like others", () => {
    expect(
      open(FEW)
        .times(5, "127.0.0.1")
        .every((one) => one === "answered"),
    ).toBe(true);
    expect(open({ ...FEW, rateExempt: [] }).times(4, "::1")[3]).toBe("rate, silent");
    expect(open({ ...FEW, rateQueries: 0 }).times(5, "10.0.0.1")[4]).toBe("answered");
  });

  test("a flood of other addresses does not make it forget who is above it", () => {
    const { ask, times } = open({ ...FEW, maxClients: 64 });
    times(3, "192.168.1.7");
    for (let index = 0; index < 5000; index++) ask(`10.0.${index >> 8}.${index & 255}`);
    expect(ask("192.168.1.7")).toBe("rate, silent");
  });

  test("a clock that is set back locks nobody out for longer than the window", () => {
    const { ask, times } = open(FEW);
    times(3, "192.168.1.7");
    const yesterdayMs = NOW_MS - 86_400_000;
    expect(ask("192.168.1.7", { nowMs: yesterdayMs })).toBe("rate, silent");
    expect(ask("192.168.1.7", { nowMs: yesterdayMs + 10_000 })).toBe("answered");
  });
});

test("refusals are noticed once a minute and reason, with their number", () => {
  const { ask, times, notices } = open({ rateQueries: 1 });
  times(3, "8.8.8.8");
  times(3, "192.168.1.7");
  ask("2001:db8:7::1", { nowMs: NOW_MS + 59_999 });
  expect(notices).toEqual([
    { reason: "source", client: "8.8.8.8", count: 1 },
    { reason: "rate", client: "192.168.1.7", count: 1 },
  ]);
  ask("2001:db8:7::1", { nowMs: NOW_MS + 60_000 });
  expect(notices[2]).toEqual({ reason: "source", client: "2001:db8:7::1", count: 4 });
});
