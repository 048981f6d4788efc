import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { importPihole } from "../../../src/dns/import/pihole/mod.ts";
import { type MadeEntry, tarGz, zip } from "../../wire/archive/make.ts";

const TOML = `
[dns]
  upstreams = [
    "9.9.9.9",
    "127.0.0.1#5335",
    "2620:fe::fe#53",
    "resolver.example"
  ] ### CHANGED, default = [ ]
  blockTTL = 30
  hosts = [ "192.168.1.5 nas.lan nas", "192.168.1.5 bad/name", "fd00::5 nas.lan" ]
  cnameRecords = [ "files.lan,nas.lan", "tv.lan,nas.lan,300" ]
  revServers = [ "true,192.168.0.0/23,192.168.0.1#5353,fritz.box", "false,10.0.0.0/8,10.0.0.1," ]
  port = 5353
  dnssec = true
  [dns.blocking]
    active = false
    mode = "NXDOMAIN"
[misc]
  dnsmasq_lines = [ "address=/wild.lan/192.168.1.9", "server=/corp/10.0.0.2", "cache-size=1" ]
[dhcp]
  active = true
`;

interface Tables {
  readonly groups?: readonly [id: number, enabled: number, name: string][];
  readonly lists?: readonly [id: number, address: string, enabled: number, type: number, ...groups: number[]][];
  readonly domains?: readonly [id: number, type: number, domain: string, enabled: number, ...groups: number[]][];
  readonly clients?: readonly [id: number, ip: string, comment: string, ...groups: number[]][];
}

function gravity({ groups = [[0, 1, "Default"]], lists = [], domains = [], clients = [] }: Tables): Uint8Array {
  using database = new Database(":memory:");
  database.run(`CREATE TABLE "group" (id, enabled, name);
    CREATE TABLE adlist (id, address, enabled, comment, type); CREATE TABLE adlist_by_group (adlist_id, group_id);
    CREATE TABLE domainlist (id, type, domain, enabled, comment); CREATE TABLE domainlist_by_group (domainlist_id, group_id);
    CREATE TABLE client (id, ip, comment); CREATE TABLE client_by_group (client_id, group_id);`);
  const insert = (table: string, rows: readonly (readonly (string | number)[])[]) => {
    for (const row of rows) database.run(`INSERT INTO ${table} VALUES (${row.map(() => "?").join(", ")})`, [...row]);
  };
  insert('"group"', groups);
  for (const [id, address, enabled, type, ...of] of lists) {
    insert("adlist", [[id, address, enabled, "", type]]);
    insert(
      "adlist_by_group",
      of.map((group) => [id, group]),
    );
  }
  for (const [id, type, domain, enabled, ...of] of domains) {
    insert("domainlist", [[id, type, domain, enabled, ""]]);
    insert(
      "domainlist_by_group",
      of.map((group) => [id, group]),
    );
  }
  for (const [id, ip, comment, ...of] of clients) {
    insert("client", [[id, ip, comment]]);
    insert(
      "client_by_group",
      of.map((group) => [id, group]),
    );
  }
  return new Uint8Array(database.serialize());
}

function imported(archive: Uint8Array) {
  const { dns, yaml, problems } = importPihole(archive);
  expect(parse(yaml)).toEqual({ dns });
  return { dns, problems: problems.map(({ where, text }) => `${where}: ${text}`) };
}

const ofTables = (tables: Tables) => imported(zip([{ name: "etc/pihole/gravity.db", content: gravity(tables) }]));

describe("an archive of Pi-hole 6", () => {
  test("brings upstreams, local names, aliases, zones and the way of blocking; what it cannot bring is named", () => {
    const files: MadeEntry[] = [
      { name: "etc/pihole/pihole.toml", content: TOML },
      {
        name: "etc/hosts",
        content: "127.0.0.1 localhost\n::1 ip6-localhost\nff02::1 ip6-allnodes\n10.0.0.7 printer # up\n",
      },
      {
        name: "etc/dnsmasq.d/05-mine.conf",
        content: "# mine\ncname=a.lan,b.lan,nas.lan\naddress=/ads.lan/\nbogus-priv\n",
      },
      { name: "etc/pihole/dhcp.leases", content: "1 2 3" },
      { name: "etc/pihole/gravity.db", content: gravity({}) },
    ];
    const { dns, problems } = imported(zip(files));
    expect(dns).toEqual({
      upstreams: ["9.9.9.9", "udp://127.0.0.1:5335", "2620:fe::fe"],
      zones: {
        "0.168.192.in-addr.arpa": "udp://192.168.0.1:5353",
        "1.168.192.in-addr.arpa": "udp://192.168.0.1:5353",
        "fritz.box": "udp://192.168.0.1:5353",
        corp: "10.0.0.2",
      },
      blocklists: [],
      rules: ["||ads.lan^"],
      hosts: {
        "nas.lan": ["192.168.1.5", "fd00::5"],
        nas: "192.168.1.5",
        "wild.lan": "192.168.1.9",
        "*.wild.lan": "192.168.1.9",
        printer: "10.0.0.7",
      },
      records: ["files.lan CNAME nas.lan", "tv.lan 300 CNAME nas.lan", "a.lan CNAME nas.lan", "b.lan CNAME nas.lan"],
      blocking: { mode: "nxdomain", ttl: "30s" },
    });
    expect(problems).toEqual([
      expect.stringContaining(
        'pihole.toml dns.upstreams: not carried over: Cannot use the upstream "resolver.example"',
      ),
      'pihole.toml dns.hosts: not carried over: "bad/name" is no name',
      'pihole.toml dns.revServers: "10.0.0.0/8" is switched off: left out',
      'pihole.toml misc.dnsmasq_lines: not carried over: "cache-size=1"',
      "pihole.toml dns.blocking: blocking is switched off there, and is on here: write blocking: { enabled: false }",
      "pihole.toml dns.port: not carried over: 5353: write listen: 5353 if clients ask there",
      "pihole.toml dns.dnssec: not carried over: tenk does not validate; use upstreams that do, by tls://",
      expect.stringContaining("pihole.toml dhcp.active: not carried over: tenk has no DHCP server"),
      'etc/dnsmasq.d/05-mine.conf:4: not carried over: "bogus-priv"',
    ]);
  });

  test("brings lists, well-known ones by their name, and names those that are off or no URL", () => {
    const { dns, problems } = ofTables({
      lists: [
        [1, "https://raw.githubusercontent.com/StevenBlack/hosts/master/hosts", 1, 0, 0],
        [2, "https://example.org/ads.txt", 0, 0, 0],
        [3, "file:///etc/passwd", 1, 0, 0],
        [4, "https://example.org/good.txt", 1, 1, 0],
      ],
    });
    expect(dns).toEqual({ blocklists: ["stevenblack"], allowlists: ["https://example.org/good.txt"] });
    expect(problems).toEqual([
      'adlist 2: "https://example.org/ads.txt" is switched off: left out',
      'adlist 3: not carried over: "file:///etc/passwd" is no http:// or https:// URL',
    ]);
  });

  test.each([
    [0, "Good.example.org", "@@|good.example.org^"],
    [1, "ads.example.org.", "|ads.example.org^"],
    [2, "^good[0-9]+\\.", "@@/^good[0-9]+\\./"],
    [3, "(\\.|^)ads\\.example\\.org$", "||ads.example.org^"],
    [3, "^ad[sx]?\\.;querytype=A,AAAA", "/^ad[sx]?\\./$dnstype=A|AAAA"],
    [3, "^x\\.lan$;querytype=!A;reply=NXDOMAIN", "/^x\\.lan$/$dnstype=~A,dnsrewrite=NXDOMAIN"],
    [3, "^x\\.lan$;reply=192.168.1.1", "/^x\\.lan$/$dnsrewrite=192.168.1.1"],
  ] as const)("domain of type %i: %j becomes %j", (type, domain, rule) => {
    const { dns, problems } = ofTables({ domains: [[1, type, domain, 1, 0]] });
    expect(problems).toEqual([]);
    expect(dns.rules).toEqual([rule]);
  });

  test.each([
    [1, "two words", "it is no name"],
    [1, "a\nb", "it is no name"],
    [1, "a^$dnsrewrite=1.2.3.4,client=x", "it is no name"],
    [3, "a\nb", "it has several lines"],
    [3, "^ads;invert", "invert has no counterpart"],
    [3, "ads;reply=IP", "reply=IP has no counterpart"],
    [3, "(a)\\1", "its regular expression is refused: references to groups need backtracking"],
    [3, ".*", "it matches every name"],
  ] as const)("domain of type %i: %j is not carried over: %s", (type, domain, reason) => {
    const { dns, problems } = ofTables({ domains: [[7, type, domain, 1, 0]] });
    expect(dns.rules).toBeUndefined();
    expect(problems.join()).toContain("domainlist 7: not carried over: ");
    expect(problems.join()).toContain(reason);
  });

  test("turns groups into what they mean: lists of clients, and rules that name clients", () => {
    const { dns, problems } = ofTables({
      groups: [
        [0, 1, "Default"],
        [1, 1, "kids"],
        [2, 0, "off"],
      ],
      lists: [
        [1, "https://example.org/ads.txt", 1, 0, 0, 1],
        [2, "https://example.org/games.txt", 1, 0, 1],
      ],
      clients: [
        [1, "192.168.1.20", "Kid's tablet", 1],
        [2, "AA:BB:CC:00:11:22", "", 0],
        [3, "10.0.0.0/24", "guests", 2],
        [4, ":eth0", "", 0],
      ],
      domains: [
        [1, 1, "everywhere.example", 1, 0, 1],
        [2, 1, "kids.example", 1, 1],
        [3, 1, "never.example", 1, 2],
      ],
    });
    expect(dns).toEqual({
      blocklists: ["https://example.org/ads.txt"],
      rules: ["|everywhere.example^$client=~guests", "|kids.example^$client=kid-s-tablet"],
      clients: {
        "kid-s-tablet": {
          match: ["192.168.1.20"],
          lists: ["https://example.org/ads.txt", "https://example.org/games.txt"],
        },
        "aa-bb-cc-00-11-22": { match: ["aa:bb:cc:00:11:22"] },
        guests: { match: ["10.0.0.0/24"], lists: [] },
      },
    });
    expect(problems).toEqual([
      'group 2: "off" is switched off: what is in no other group is left out',
      'client 4: not carried over: ":eth0" is no address, network, MAC address or name',
      'domainlist 3: "never.example" is in no group that is switched on: left out',
    ]);
  });
});

test("an archive of Pi-hole 5 brings the same from its other files", () => {
  const json = (value: unknown) => JSON.stringify(value);
  const { dns, problems } = imported(
    tarGz([
      {
        name: "setupVars.conf",
        content:
          "PIHOLE_DNS_1=1.1.1.1\nPIHOLE_DNS_2=1.0.0.1#54\nREV_SERVER=true\nREV_SERVER_CIDR=10.0.0.0/8\nREV_SERVER_TARGET=10.0.0.1\nREV_SERVER_DOMAIN=lan\nWEBPASSWORD=x\n",
      },
      { name: "custom.list", content: "192.168.1.5 nas.lan\n" },
      { name: "dnsmasq.d/05-pihole-custom-cname.conf", content: "cname=files.lan,nas.lan\n" },
      { name: "dnsmasq.d/01-pihole.conf", content: "server=1.1.1.1\ninterface=eth0\n" },
      { name: "adlist.json", content: json([{ id: 1, address: "https://example.org/a.txt", enabled: 1 }]) },
      { name: "blacklist.exact.json", content: json([{ id: 1, domain: "ads.example", enabled: "1" }]) },
      { name: "whitelist.regex.json", content: json([{ id: 2, domain: "^good", enabled: 1 }]) },
      { name: "client.json", content: "{}" },
    ]),
  );
  expect(dns).toEqual({
    upstreams: ["1.1.1.1", "udp://1.0.0.1:54"],
    zones: { "10.in-addr.arpa": "10.0.0.1", lan: "10.0.0.1" },
    blocklists: ["https://example.org/a.txt"],
    rules: ["|ads.example^", "@@/^good/"],
    hosts: { "nas.lan": "192.168.1.5" },
    records: ["files.lan CNAME nas.lan"],
  });
  expect(problems).toEqual(["client.json: not carried over: it is no JSON"]);
});

describe("an archive that is none, or hostile,", () => {
  test.each([
    ["a text", new TextEncoder().encode("hello"), "it is neither a zip nor a tar file"],
    ["another archive", zip([{ name: "a", content: "b" }]), "it has no file of Pi-hole"],
    ["a bomb", zip([{ name: "custom.list", content: new Uint8Array(40 * 2 ** 20) }]), "bytes"],
    ["a link", zip([{ name: "custom.list", content: "/etc/shadow", unixMode: 0o120777 }]), "it has no file of Pi-hole"],
    ["a path that leads out", zip([{ name: "../custom.list", content: "1.2.3.4 a" }]), "it has no file of Pi-hole"],
  ])("such as %s, is an error", (_, bytes, message) => {
    expect(() => importPihole(bytes)).toThrow(message);
  });

  test("a broken database or settings file is named, and the rest is carried over", () => {
    const broken = gravity({}).slice(0, 3000);
    const { dns, problems } = imported(
      zip([
        { name: "etc/pihole/gravity.db", content: broken },
        { name: "etc/pihole/pihole.toml", content: `a = ${"[".repeat(100_000)}` },
        { name: "custom.list", content: "192.168.1.5 nas.lan\n\u001b[31m evil\n1.2.3.4 <script>\n" },
      ]),
    );
    expect(dns).toEqual({ blocklists: [], hosts: { "nas.lan": "192.168.1.5" } });
    expect(problems).toEqual([
      "etc/pihole/pihole.toml: not carried over: it is no TOML",
      'custom.list:2: not carried over: "\\u001b[31m" is no address',
      'custom.list:3: not carried over: "<script>" is no name',
      "gravity.db: lists, domains and clients are not carried over: the database is broken",
    ]);
  });

  test("text of it cannot become other configuration", () => {
    const { dns } = imported(
      zip([
        {
          name: "etc/pihole/pihole.toml",
          content: '[dns]\nhosts = ["1.2.3.4 a\\nproxy:"]\ncnameRecords = ["a: b,c", "x.lan,y.lan\\nlisten: 1"]\n',
        },
        { name: "etc/pihole/gravity.db", content: gravity({ clients: [[1, "10.0.0.1", "x\nproxy: {}", 0]] }) },
      ]),
    );
    expect(dns).toEqual({
      blocklists: [],
      hosts: { a: "1.2.3.4" },
      clients: { "x-proxy": { match: ["10.0.0.1"] } },
    });
  });
});
