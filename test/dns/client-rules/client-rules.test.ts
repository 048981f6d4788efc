import { describe, expect, test } from "bun:test";
import {
  addressesByMac,
  type ClientSources,
  ClientTable,
  isWithin,
  matchKind,
  parseSchedule,
  resolveClients,
} from "../../../src/dns/client-rules/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";

/** An address as sixteen bytes. */
function ip(text: string): Uint8Array {
  const bytes = parseIp(text)!;
  return bytes.length === 16 ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}

describe("hours", () => {
  // 2026-11-30 is a Monday.
  test.each([
    ["mon-fri 20:00-07:00", "2026-11-30T20:00", true],
    ["mon-fri 20:00-07:00", "2026-11-30T19:59", false],
    ["mon-fri 20:00-07:00", "2026-12-01T06:59", true],
    ["mon-fri 20:00-07:00", "2026-12-01T07:00", false],
    ["mon-fri 20:00-07:00", "2026-11-30T06:00", false],
    ["mon-fri 20:00-07:00", "2026-12-05T06:00", true],
    ["mon-fri 20:00-07:00", "2026-12-05T20:00", false],
    ["sat,sun 9:00-12:00", "2026-12-06T09:00", true],
    ["sat,sun 9:00-12:00", "2026-12-07T09:00", false],
    ["fri-mon 9:00-12:00", "2026-11-30T10:00", true],
    ["fri-mon 9:00-12:00", "2026-12-01T10:00", false],
    ["Mon 00:00-24:00", "2026-11-30T23:59", true],
    ["22:00-06:00", "2026-12-02T05:00", true],
    ["22:00-06:00", "2026-12-02T12:00", false],
  ])("%s at %s: %p", (text, at, expected) => {
    expect(isWithin(parseSchedule(text), new Date(at))).toBe(expected);
  });

  test.each([
    "",
    "mon",
    "20:00",
    "20:00-20:00",
    "25:00-26:00",
    "20:60-21:00",
    "xyz 1:00-2:00",
    "mon-fri-sat 1:00-2:00",
  ])("%j is refused", (text) => {
    expect(() => parseSchedule(text)).toThrow("as hours");
  });
});

test("the kernel's neighbour table has the addresses of a MAC address, IPv4 and IPv6", () => {
  const mac = "aa:bb:cc:00:11:22";
  const [ipv4, ipv6] = ["192.168.1.20", "fe80::7"];
  const other = { address: "192.168.1.21", mac: "aa:bb:cc:00:11:23" };
  expect(addressesByMac([{ address: ipv4, mac }, other, { address: ipv6, mac }]).get(mac)).toEqual([ipv4, ipv6]);
  expect(addressesByMac()).toBeInstanceOf(Map);
});

test.each([
  ["192.168.1.2", "range"],
  ["fd00::/8", "range"],
  ["AA:BB:CC:00:11:22", "mac"],
  ["lisas-phone.home.arpa", "name"],
] as const)("%s is a %s", (text, kind) => {
  expect(matchKind(text)).toBe(kind);
});

test("clients of the configuration become rules for addresses, within their hours", () => {
  const sources: ClientSources = {
    neighbours: () => new Map([["aa:bb:cc:00:11:22", ["192.168.1.20"]]]),
    addressesOf: (name) => (name === "phone" ? ["192.168.1.7"] : []),
    maskOf: (lists) => lists?.length ?? 9,
    isBlocking: true,
    now: new Date("2026-11-30T21:00"),
  };
  const clients = {
    kids: { match: ["AA:BB:CC:00:11:22", "phone", "10.0.0.0/24", "gone"], lists: ["a"], blocking: true },
    night: { match: ["10.0.0.9"], blocking: true, schedule: ["20:00-22:00"] },
    day: { match: ["10.0.0.8"], blocking: true, schedule: ["8:00-9:00"] },
    tv: { match: ["10.0.0.7"], blocking: false },
  };
  expect(resolveClients(clients, sources)).toEqual([
    { name: "kids", ranges: ["192.168.1.20", "192.168.1.7", "10.0.0.0/24"], lists: 1, isPaused: false },
    { name: "night", ranges: ["10.0.0.9"], lists: 9, isPaused: false },
    { name: "tv", ranges: ["10.0.0.7"], lists: 9, isPaused: true },
  ]);
  expect(resolveClients(clients, { ...sources, isBlocking: false }).every(({ isPaused }) => isPaused)).toBe(true);
});

describe("the table of clients", () => {
  const RULES = [
    { name: "kid", ranges: ["10.0.0.1", "fd00::1"], lists: 1, isPaused: false },
    { name: "guests", ranges: ["10.0.0.0/24"], lists: 2, isPaused: true },
    { name: "", ranges: ["10.0.0.1"], lists: 4, isPaused: true },
  ];
  const OTHERS = { lists: 8, isPaused: false };

  test.each([
    ["10.0.0.1", 1, false, ["kid", "guests"]],
    ["fd00::1", 1, false, ["kid"]],
    ["10.0.0.2", 2, true, ["guests"]],
    ["10.0.1.1", 8, false, []],
  ] as const)("%s", (address, lists, isPaused, names) => {
    const table = new ClientTable(RULES, OTHERS);
    const found = table.of(ip(address));
    expect(found).toEqual({ client: { address, names: [...names] }, lists, isPaused });
    expect(table.of(ip(address))).toBe(found);
  });

  test("keeps so many clients, each with what holds for it, and finds more again", () => {
    const table = new ClientTable(RULES, OTHERS, 8);
    for (let round = 0; round < 3; round++) {
      for (let last = 0; last < 100; last++) {
        expect(table.of(ip(`10.0.${last % 2}.${last}`)).lists).toBe(last % 2 === 1 ? 8 : 2);
        expect(table.size).toBeLessThanOrEqual(8);
      }
    }
  });
});
