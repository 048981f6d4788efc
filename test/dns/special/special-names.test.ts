import { describe, expect, test } from "bun:test";
import { Special, SpecialNames } from "../../../src/dns/special/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { queryBytes, readQueryOf } from "../queries.ts";

const ALL = new SpecialNames({ bypassSignals: true });

function find(name: string, type = "A", names = ALL): string {
  const bytes = queryBytes(name, type);
  const found = names.find(readQueryOf(bytes), bytes);
  return Object.entries(Special).find(([, value]) => value === found)![0];
}

describe("special names", () => {
  for (const [name, answer, type] of [
    ["localhost", "loopback"],
    ["a.LocalHost", "loopback"],
    ["localhost.example", "none"],
    ["test", "nxdomain"],
    ["a.b.c.test", "nxdomain"],
    ["test.example", "none"],
    ["xtest", "none"],
    ["invalid", "nxdomain"],
    ["x.onion", "nxdomain"],
    ["x.alt", "nxdomain"],
    ["printer.local", "nxdomain"],
    ["unknown.home.arpa", "nxdomain"],
    ["a.internal", "nxdomain"],
    ["nas.lan", "nxdomain"],
    ["lan.example", "none"],
    ["_dns.resolver.arpa", "noData", "SVCB"],
    ["use-application-dns.net", "nxdomain"],
    ["Mask.iCloud.com", "nxdomain"],
    ["mask-h2.icloud.com", "nxdomain"],
    ["www.icloud.com", "none"],
    ["a.mask.icloud.com", "none"],
    ["example.org", "none"],
    [".", "none"],
    ["arpa", "none"],
    ["in-addr.arpa", "none"],
    ["1.2.168.192.in-addr.arpa", "nxdomain", "PTR"],
    ["168.192.in-addr.arpa", "noData", "SOA"],
    ["192.in-addr.arpa", "none", "PTR"],
    ["lb._dns-sd._udp.0.2.168.192.in-addr.arpa", "nxdomain", "PTR"],
    ["7.0-25.2.168.192.in-addr.arpa", "nxdomain", "PTR"],
    ["300.2.168.192.in-addr.arpa", "nxdomain", "PTR"],
    ["b._dns-sd._udp.0.2.0.11.in-addr.arpa", "none", "PTR"],
    ["x.in-addr.arpa", "none", "PTR"],
    ["_x.1.0.0.d.f.ip6.arpa", "nxdomain", "PTR"],
    [`${"x.".repeat(60)}1.0.0.10.in-addr.arpa`, "nxdomain", "PTR"],
    ["1.0.0.10.in-addr.arpa", "nxdomain", "PTR"],
    ["1.0.0.11.in-addr.arpa", "none", "PTR"],
    ["1.1.31.172.in-addr.arpa", "nxdomain", "PTR"],
    ["1.1.32.172.in-addr.arpa", "none", "PTR"],
    ["1.1.64.100.in-addr.arpa", "nxdomain", "PTR"],
    ["1.1.128.100.in-addr.arpa", "none", "PTR"],
    ["255.255.255.255.in-addr.arpa", "nxdomain", "PTR"],
    [`${"0.".repeat(31)}0.ip6.arpa`, "nxdomain", "PTR"],
    [`1.${"0.".repeat(30)}0.ip6.arpa`, "nxdomain", "PTR"],
    [`2.${"0.".repeat(30)}0.ip6.arpa`, "none", "PTR"],
    ["1.0.8.e.f.ip6.arpa", "nxdomain", "PTR"],
    ["1.0.0.d.f.ip6.arpa", "nxdomain", "PTR"],
    ["8.b.d.0.1.0.0.2.ip6.arpa", "nxdomain", "PTR"],
  ] as const) {
    test(`${name} ${type ?? "A"}: ${answer}`, () => {
      expect(find(name, type)).toBe(answer);
    });
  }

  test("signals to browsers and phones can be switched off", () => {
    const without = new SpecialNames({ bypassSignals: false });
    expect(find("use-application-dns.net", "A", without)).toBe("none");
    expect(find("mask.icloud.com", "A", without)).toBe("none");
    expect(find("localhost", "A", without)).toBe("loopback");
  });

  test.each([
    ["nas.lan", "none"],
    ["lan", "none"],
    ["nas.home", "nxdomain"],
    ["1.1.168.192.in-addr.arpa", "none"],
    ["168.192.in-addr.arpa", "none"],
    ["1.1.16.172.in-addr.arpa", "nxdomain"],
    ["x.home.arpa", "nxdomain"],
    ["a.deep.home.arpa", "none"],
    ["1.0.0.10.in-addr.arpa", "nxdomain"],
  ])("give way to zones that have a name server of their own: %s is %s", (name, expected) => {
    const zones = ["lan", "168.192.in-addr.arpa", "deep.home.arpa"].map((zone) => parseName(zone)!);
    expect(find(name, "A", new SpecialNames({ bypassSignals: true, zones }))).toBe(expected);
  });
});
