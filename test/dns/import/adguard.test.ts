import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { importAdguard } from "../../../src/dns/import/adguard/mod.ts";

function imported(text: string) {
  const { dns, yaml, problems } = importAdguard(text, "a.yaml");
  expect(parse(yaml)).toEqual({ dns });
  return { dns, problems: problems.map(({ where, text }) => `${where}: ${text}`) };
}

const of = (settings: object) => imported(stringify({ dns: {}, ...settings }));

const WHOLE = `http:
  address: 0.0.0.0:80
dns:
  port: 53
  upstream_dns:
    - 9.9.9.9
    - tls://1.1.1.1
    - '# a comment'
    - quic://dns.example
    - '[/fritz.box/lan/]192.168.1.1:5353'
    - '[/lan/]192.168.1.2'
    - '[/x.lan/]#'
    - '[//]192.168.1.1'
  bootstrap_dns: [9.9.9.10]
  fallback_dns: [8.8.8.8]
  use_private_ptr_resolvers: true
  local_ptr_upstreams: [192.168.1.1]
filters:
  - enabled: true
    url: https://adguardteam.github.io/AdGuardSDNSFilter/Filters/filter.txt
    name: AdGuard
  - enabled: false
    url: https://example.org/off.txt
  - enabled: true
    url: /opt/mine.txt
whitelist_filters:
  - enabled: true
    url: https://example.org/allow.txt
user_rules:
  - '! a comment'
  - '||ads.example^$important'
  - '@@||good.example^'
  - 0.0.0.0 tracker.example
  - 192.168.1.7 printer.lan # upstairs
  - example.org##.banner
  - '/(a)\\1/'
clients:
  persistent:
    - name: Kid's tablet
      ids: [192.168.1.20, AA-BB-CC-00-11-22, tablet]
      use_global_settings: false
      filtering_enabled: false
    - name: tv
      ids: [10.0.0.0/24]
      use_global_settings: false
      filtering_enabled: true
      parental_enabled: true
      upstreams: [8.8.8.8]
filtering:
  blocking_mode: nxdomain
  blocked_response_ttl: 60
  protection_enabled: false
  rewrites:
    - domain: nas.lan
      answer: 192.168.1.5
    - domain: '*.nas.lan'
      answer: fd00::5
    - domain: files.lan
      answer: nas.lan
      enabled: true
    - domain: off.lan
      answer: 10.0.0.1
      enabled: false
    - domain: real.nas.lan
      answer: A
  safe_search:
    enabled: true
dhcp:
  enabled: true
`;

test("AdGuardHome.yaml brings all that has a counterpart, and names the line of what has none", () => {
  const { dns, problems } = imported(WHOLE);
  const { zones, ...rest } = dns as { zones: Record<string, string> };
  expect(rest).toEqual({
    upstreams: ["9.9.9.9", "tls://1.1.1.1:853"],
    bootstrap: ["9.9.9.10"],
    blocklists: ["adguard"],
    allowlists: ["https://example.org/allow.txt"],
    rules: ["||ads.example^$important", "@@||good.example^", "0.0.0.0 tracker.example"],
    hosts: { "printer.lan": "192.168.1.7", "nas.lan": "192.168.1.5", "*.nas.lan": "fd00::5" },
    records: ["files.lan CNAME nas.lan"],
    clients: {
      "kid-s-tablet": { match: ["192.168.1.20", "aa:bb:cc:00:11:22"], blocking: false },
      tv: { match: ["10.0.0.0/24"] },
    },
    blocking: { mode: "nxdomain", ttl: "60s" },
  });
  expect(zones).toMatchObject({
    "fritz.box": "udp://192.168.1.1:5353",
    lan: ["udp://192.168.1.1:5353", "192.168.1.2"],
    ".": "192.168.1.1",
    "168.192.in-addr.arpa": "192.168.1.1",
    "16.172.in-addr.arpa": "192.168.1.1",
    "31.172.in-addr.arpa": "192.168.1.1",
    "d.f.ip6.arpa": "192.168.1.1",
  });
  expect(problems).toEqual([
    expect.stringContaining('a.yaml:9: not carried over: Cannot use the upstream "quic://dns.example"'),
    "a.yaml:12: not carried over: an exception from other domains: x.lan",
    'a.yaml:22: "https://example.org/off.txt" is switched off: left out',
    'a.yaml:24: not carried over: "/opt/mine.txt" is no http:// or https:// URL',
    'a.yaml:35: not carried over: "example.org##.banner": it is for browsers, or has a modifier that DNS cannot apply',
    expect.stringContaining("a.yaml:36: not carried over: "),
    'a.yaml:61: "off.lan" is switched off: left out',
    'a.yaml:64: not carried over: "real.nas.lan" is an exception from a wildcard: write its own address',
    'a.yaml:39: client "Kid\'s tablet": not carried over: "tablet" is no address, network or MAC address',
    'a.yaml:43: client "tv": not carried over: parental_enabled, upstreams',
    "a.yaml:52: blocking is switched off there, and is on here: write blocking: { enabled: false }",
    "a.yaml:15: dns.fallback_dns: not carried over: write them under upstreams: those that fail are left aside",
    "a.yaml:69: dhcp.enabled: not carried over: tenk has no DHCP server; let the router do it, with this machine as DNS server",
    "a.yaml:67: filtering.safe_search.enabled: not carried over",
  ]);
});

test.each([
  ["dns", { rewrites: [{ domain: "nas.lan", answer: "10.0.0.1" }] }, { hosts: { "nas.lan": "10.0.0.1" } }],
  ["dns", { blocking_mode: "refused" }, { blocking: { mode: "refused" } }],
  [
    "dns",
    { blocking_mode: "custom_ip", blocking_ipv4: "192.0.2.9", blocking_ipv6: "" },
    { blocking: { mode: "custom", addresses: ["192.0.2.9"] } },
  ],
  ["dns", { use_private_ptr_resolvers: false, local_ptr_upstreams: ["10.0.0.1"] }, {}],
  ["clients", [{ name: "a", ids: ["10.0.0.1"] }], { clients: { a: { match: ["10.0.0.1"] } } }],
])("%s of older versions: %j", (section, value, expected) => {
  expect(of({ [section]: value })).toEqual({ dns: { blocklists: [], ...expected }, problems: [] });
});

describe("a file that is none, or hostile,", () => {
  test.each([
    ["- a", "expected a section dns: or filters:"],
    ["dns: [", "it is no YAML that AdGuard Home writes"],
    [`dns: ${"[".repeat(20_000)}`, "it is no YAML that AdGuard Home writes"],
    [
      `a: &a [1,1,1,1,1,1,1,1]\n${[..."bcdefgh"].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${"abcdefg"[index]}`)}]`).join("\n")}\ndns: *h`,
      "it is no YAML",
    ],
  ])("%#: is an error", (text, message) => {
    expect(() => imported(text)).toThrow(message);
  });

  test("with values of any type brings nothing that is not checked", () => {
    const value = fc.oneof(
      fc.string(),
      fc.nat(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
    );
    const section = fc.dictionary(
      fc.constantFrom(
        "upstream_dns",
        "bootstrap_dns",
        "rewrites",
        "blocking_mode",
        "persistent",
        "local_ptr_upstreams",
      ),
      fc.oneof(
        value,
        fc.array(fc.dictionary(fc.constantFrom("domain", "answer", "ids", "name", "url"), value), { maxLength: 2 }),
      ),
    );
    const all = fc.dictionary(
      fc.constantFrom("filters", "user_rules", "clients", "filtering"),
      fc.oneof(value, section, fc.array(section, { maxLength: 2 })),
    );
    fc.assert(
      fc.property(all, section, (settings, dns) => void of({ ...settings, dns })),
      { numRuns: Number(process.env.TENK_RUNS ?? 200) },
    );
  });
});
