import { describe, expect, test } from "bun:test";
import { LocalNames, type LocalRecord, machineNetworks } from "../../../src/dns/local/mod.ts";
import {
  nameText,
  parseName,
  parseRdata,
  parseType,
  RecordClass,
  rdataText,
  typeName,
} from "../../../src/wire/dns/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";

/** `git A 10.0.0.7` */
function record(line: string): LocalRecord {
  const [name, type, data] = line.split(" ");
  const number = parseType(type!)!;
  return { name: parseName(name!)!, type: number, ttlSeconds: 300, data: parseRdata(number, data!) };
}

const NETWORKS = machineNetworks({
  lo: [
    { address: "127.0.0.1", cidr: "127.0.0.1/8", internal: true },
    { address: "::1", cidr: "::1/128", internal: true },
  ],
  eth0: [
    { address: "192.168.1.2", cidr: "192.168.1.2/24", internal: false },
    { address: "fd00::2", cidr: "fd00::2/64", internal: false },
    { address: "fe80::1", cidr: "fe80::1/64", internal: false },
  ],
  wg0: [{ address: "10.8.0.1", cidr: "10.8.0.1/30", internal: false }],
});

const LOCAL = new LocalNames({
  records: [
    "nas.home.arpa A 192.168.1.9",
    "nas.home.arpa A 192.168.1.10",
    "nas.home.arpa AAAA fd00::9",
    "files.home.arpa CNAME nas.home.arpa.",
    "old.home.arpa CNAME files.home.arpa.",
    "out.home.arpa CNAME www.example.org.",
    "a.loop.home.arpa CNAME b.loop.home.arpa.",
    "b.loop.home.arpa CNAME a.loop.home.arpa.",
    "*.apps.home.arpa A 192.168.1.20",
    "one.apps.home.arpa TXT x",
  ].map(record),
  own: ["box.home.arpa", "git.home.arpa"].map((name) => parseName(name)!),
  networks: NETWORKS,
  ttlSeconds: 60,
});

/** What is answered, `undefined` for a name that is not local. */
function find(name: string, type = "A", from = "192.168.1.50", local = LOCAL): string[] | undefined {
  const parsed = parseIp(from)!;
  const ip = parsed.length === 16 ? parsed : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...parsed);
  return local
    .find(parseName(name)!, 0, parseType(type)!, ip)
    ?.map(({ type: own, data }) => `${typeName(own)} ${rdataText(own, RecordClass.in, data, 0, 0, data.length)}`);
}

describe("names of this house", () => {
  test("a name has its records, in any case; of another type none, and it exists all the same", () => {
    expect(find("NAS.home.ARPA")).toEqual(["A 192.168.1.9", "A 192.168.1.10"]);
    expect(find("nas.home.arpa", "AAAA")).toEqual(["AAAA fd00::9"]);
    expect(find("nas.home.arpa", "MX")).toEqual([]);
    expect(find("nothing.home.arpa")).toBeUndefined();
    expect(find("home.arpa")).toBeUndefined();
    expect(find("a.nas.home.arpa")).toBeUndefined();
  });

  test("an alias is answered with what it leads to", () => {
    expect(find("old.home.arpa")).toEqual([
      "CNAME files.home.arpa.",
      "CNAME nas.home.arpa.",
      "A 192.168.1.9",
      "A 192.168.1.10",
    ]);
    expect(find("files.home.arpa", "CNAME")).toEqual(["CNAME nas.home.arpa."]);
    expect(find("files.home.arpa", "MX")).toEqual(["CNAME nas.home.arpa."]);
  });

  test("an alias that leads out says where to", () => {
    expect(find("out.home.arpa")).toEqual(["CNAME www.example.org."]);
    expect(nameText(LOCAL.alias!)).toBe("www.example.org");
    find("nas.home.arpa");
    expect(LOCAL.alias).toBeUndefined();
  });

  test("aliases in a circle end", () => {
    expect(find("a.loop.home.arpa")!.length).toBeLessThan(12);
  });

  test("a star stands for what has no records of its own", () => {
    expect(find("any.apps.home.arpa")).toEqual(["A 192.168.1.20"]);
    expect(find("x.y.apps.home.arpa")).toEqual(["A 192.168.1.20"]);
    expect(find("one.apps.home.arpa")).toEqual([]);
    expect(find("apps.home.arpa")).toBeUndefined();
  });

  for (const [from, ipv4, ipv6] of [
    ["192.168.1.50", ["A 192.168.1.2"], ["AAAA fd00::2"]],
    ["fd00::50", ["A 192.168.1.2"], ["AAAA fd00::2"]],
    ["fe80::50", ["A 192.168.1.2"], ["AAAA fd00::2"]],
    ["10.8.0.2", ["A 10.8.0.1"], []],
    ["127.0.0.1", ["A 127.0.0.1"], ["AAAA ::1"]],
    ["10.8.0.9", ["A 192.168.1.2"], ["AAAA fd00::2"]],
  ] as const) {
    test(`who asks from ${from} gets this machine's address on that network`, () => {
      expect(find("git.home.arpa", "A", from)).toEqual([...ipv4]);
      expect(find("git.home.arpa", "AAAA", from)).toEqual([...ipv6]);
    });
  }

  for (const [name, to] of [
    ["2.1.168.192.in-addr.arpa", "box.home.arpa."],
    ["9.1.168.192.in-addr.arpa", "nas.home.arpa."],
    ["1.0.8.10.in-addr.arpa", "box.home.arpa."],
  ] as const) {
    test(`the address ${name} leads back to ${to}`, () => {
      expect(find(name, "PTR")).toEqual([`PTR ${to}`]);
    });
  }
});

describe("resolvers of this machine (RFC 9462)", () => {
  const resolvers = (dotHost: string, dohHost: string) => [
    { name: "box.home.arpa", alpn: ["dot"], host: dotHost, port: 853 },
    { name: "own.home.arpa", alpn: ["h2", "http/1.1"], host: dohHost, port: 8443, dohPath: "/dns-query{?dns}" },
  ];
  const DOT = `SVCB 1 box.home.arpa. alpn="dot" port="853"`;
  const DOH = `SVCB 2 own.home.arpa. alpn="h2,http/1.1" port="8443"`;
  const PATH = `dohpath="/dns-query{?dns}"`;

  function discovered(dotHost: string, dohHost: string, from: string, name = "_dns.resolver.arpa", type = "SVCB") {
    const common = { records: [], own: [], networks: NETWORKS, ttlSeconds: 60 };
    return find(name, type, from, new LocalNames({ ...common, resolvers: resolvers(dotHost, dohHost) }));
  }

  test.each([
    ["192.168.1.50", `ipv4hint="192.168.1.2" ipv6hint="fd00::2"`, `ipv4hint="192.168.1.2"`],
    ["fd00::50", `ipv4hint="192.168.1.2" ipv6hint="fd00::2"`, `ipv4hint="192.168.1.2"`],
    ["10.8.0.2", `ipv4hint="10.8.0.1"`, `ipv4hint="10.8.0.1"`],
    ["127.0.0.1", `ipv4hint="127.0.0.1" ipv6hint="::1"`, `ipv4hint="127.0.0.1"`],
    ["203.0.113.9", `ipv4hint="192.168.1.2" ipv6hint="fd00::2"`, `ipv4hint="192.168.1.2"`],
  ])("%s is told addresses on its own network", (from, every, ipv4) => {
    expect(discovered("::", "0.0.0.0", from)).toEqual([`${DOT} ${every}`, `${DOH} ${ipv4} ${PATH}`]);
  });

  test("one that does not listen there is not told", () => {
    expect(discovered("127.0.0.1", "192.168.1.2", "192.168.1.50")).toEqual([`${DOH} ipv4hint="192.168.1.2" ${PATH}`]);
    expect(discovered("127.0.0.1", "192.168.1.2", "127.0.0.1")).toEqual([`${DOT} ipv4hint="127.0.0.1"`]);
    expect(discovered("10.9.9.9", "10.9.9.9", "127.0.0.1")).toEqual([]);
  });

  test("no other type and no other name has them", () => {
    expect(discovered("::", "::", "127.0.0.1", "_dns.resolver.arpa", "AAAA")).toEqual([]);
    for (const name of ["resolver.arpa", "x._dns.resolver.arpa", "_dns.home.arpa"])
      expect(discovered("::", "::", "127.0.0.1", name)).toBeUndefined();
  });

  test("a record of the user's own comes first", () => {
    const data = parseRdata(64, `1 other.example. alpn="dot"`);
    const own = { name: parseName("_dns.resolver.arpa")!, type: 64, ttlSeconds: 60, data };
    const common = { own: [], networks: NETWORKS, ttlSeconds: 60, resolvers: resolvers("::", "::") };
    const local = new LocalNames({ ...common, records: [own] });
    expect(find("_dns.resolver.arpa", "SVCB", "127.0.0.1", local)).toEqual([`SVCB 1 other.example. alpn="dot"`]);
  });
});
