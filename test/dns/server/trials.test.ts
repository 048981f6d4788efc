/** Bugs that others have had in their name servers, and cases like them, from the client's socket to the upstream's. */
import { describe, expect, test } from "bun:test";
import { until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { queryBytes } from "../queries.ts";
import { hasFlag, told } from "../resolver/house.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";
import { questionOf, type ReplyFields, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const PUBLIC = "NOERROR A 198.51.100.1";
const BLOCKED = "NOERROR A 0.0.0.0";
const [A, NS, HTTPS] = [1, 2, 65];
const soa = (seconds: number) => `example ${seconds} SOA ns.example. hostmaster.example. 1 2 3 4 ${seconds}`;
const address = (name: string, seconds = 300) => ({ answer: [`${name} ${seconds} A 198.51.100.1`] });

/** An upstream that answers a name and a type, by default with an address. */
function openUpstream(answer: (name: string, type: number) => ReplyFields = (name) => address(name)) {
  return FakeServer.open(({ bytes, reply }) => {
    const { text, type } = questionOf(bytes);
    reply(replyTo(bytes, answer(text.toLowerCase(), type)));
  });
}

function withUpstream(
  upstream: FakeServer,
  more: string,
  work: (box: Box) => Promise<void>,
  files: Record<string, string> = {},
) {
  const lists = more.includes("blocklists") ? "" : "blocklists: [],";
  const text = `dns: { listen: 127.0.0.1:0, tls: off, upstreams: ["${upstream.address}"], ${lists} ${more} }\n`;
  return withBox(text, work, files);
}

const asked = (upstream: FakeServer) => upstream.asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase());

test("every answer to a query with EDNS has OPT, and no other (AdGuardHome#8183)", async () => {
  await using upstream = await openUpstream((name) => (name === "broken.example" ? { rcode: 2 } : address(name)));
  await withUpstream(upstream, 'rules: ["||ads.example^"], hosts: { nas: 192.168.1.5 }', async (box) => {
    for (const [name, type] of [
      ...[["ads.example"], ["ads.example", "AAAA"], ["ads.example", "HTTPS"], ["www.example"], ["www.example"]],
      ...[["nas.home.arpa"], ["nas.home.arpa", "AAAA"], ["other.home.arpa"], ["localhost"], ["localhost", "MX"]],
      ...[["broken.example"], ["www.example", "ANY"], ["www.example", "AXFR"]],
    ]) {
      const records = async (udpBytes?: number) =>
        (await box.told(name!, type, udpBytes ? { udpBytes } : {})).bytes[11];
      expect([name, type, await records(1232), await records()]).toEqual([name, type, 1, 0]);
    }
  });
});

test("a name of this house without a record of the type is NODATA, and nobody else is asked (AdGuardHome#6541)", async () => {
  await using upstream = await openUpstream();
  const names = `hosts: { nas: 192.168.1.5, six: "fd00::5", www.example: 192.168.1.6, "*.apps.home.arpa": 192.168.1.7 }`;
  const records = `records: ["files CNAME nas.home.arpa"], rules: ["||one.example^$dnsrewrite=192.0.2.7"]`;
  await withUpstream(upstream, `${names}, ${records}`, async (box) => {
    for (const [name, type, expected] of [
      ["nas.home.arpa", "AAAA", "NOERROR"],
      ["nas.home.arpa", "HTTPS", "NOERROR"],
      ["six.home.arpa", "A", "NOERROR"],
      ["www.example", "AAAA", "NOERROR"],
      ["www.example", "TXT", "NOERROR"],
      ["x.apps.home.arpa", "AAAA", "NOERROR"],
      ["files.home.arpa", "AAAA", "NOERROR CNAME nas.home.arpa."],
      ["one.example", "AAAA", "NOERROR"],
      ["www.example", "A", "NOERROR A 192.168.1.6"],
    ])
      expect([name, type, await box.ask(name!, type), await box.askByTcp(name!, type)]).toEqual([
        ...[name, type, expected, expected],
      ]);
    expect(asked(upstream)).toEqual([]);
  });
});

test("what is not proved is not AD: AD=0, or AD=1 by UDP, fresh, cached, blocked and local (AdGuardHome#5479)", async () => {
  await using upstream = await openUpstream((name) => ({ ...address(name), flags: name === "ad.example" ? 0x20 : 0 }));
  await withUpstream(upstream, 'rules: ["||ads.example^"], hosts: { nas: 192.168.1.5 }', async (box) => {
    for (const name of ["www.example", "www.example", "ad.example", "ad.example", "ads.example", "nas.home.arpa"]) {
      for (const fields of [{ wantsDnssec: true }, { flags: 0x0120 }])
        expect([name, hasFlag(await box.told(name, "A", fields), "authenticData")]).toEqual([name, false]);
    }
  });
});

test("a blocked name is so in any case behind CNAME and HTTPS, whatever the case of the list (AdGuardHome#3335)", async () => {
  await using upstream = await openUpstream((name, type) => {
    if (type === HTTPS) return { answer: [`${name} 300 HTTPS 1 aDs.Tracker.Example.`] };
    const next = { "a.example": "B.example", "b.example": "c.example", "c.example": "ADS.tracker.example" };
    const links = Object.entries(next).map(([owner, target]) => `${owner} 300 CNAME ${target}`);
    return {
      answer: name === "a.example" ? [...links, "ads.tracker.example 300 A 198.51.100.1"] : address(name).answer,
    };
  });
  for (const line of ["ads.tracker.example", "0.0.0.0 Ads.Tracker.EXAMPLE", "||TRACKER.example^"]) {
    const more = "blocklists: [./ads.txt], blocking: { mode: nxdomain }";
    const check = async (box: Box) => {
      for (let round = 0; round < 2; round++) {
        expect(await box.ask("a.example")).toBe("NXDOMAIN");
        expect(await box.ask("a.example", "HTTPS")).toBe("NXDOMAIN");
        expect(await box.ask("ADS.Tracker.example")).toBe("NXDOMAIN");
        expect(await box.ask("d.example")).toBe(PUBLIC);
      }
    };
    await withUpstream(upstream, more, check, { "ads.txt": `${line}\n` });
  }
});

test("queries with one ID while the upstream is slow each get their answer (AdGuardHome#6691)", async () => {
  const waiting: Asked[] = [];
  await using upstream = await FakeServer.open((query) => waiting.push(query));
  await withUpstream(upstream, "", async (box) => {
    await using client = await Client.open(box.port);
    await using other = await Client.open(box.port);
    const query = queryBytes("www.example", "A", { id: 7 });
    for (const from of [client, client, other, client]) await from.send(query);
    await client.send(queryBytes("b.example", "A", { id: 7 }));
    const byTcp = box.askByTcp("www.example");
    await until(() => waiting.length === 2);
    const { queries } = (await box.instance.status()).parts.dns as { queries: { total: number } };
    expect(queries.total).toBeGreaterThan(0);
    for (const { bytes, reply } of waiting) reply(replyTo(bytes, address(questionOf(bytes).text)));
    for (const [from, count] of [
      [client, 4],
      [other, 1],
    ] as const) {
      for (let left = count; left > 0; left--) {
        const answer = told((await from.next()).bytes);
        expect([answer.id, answer.text]).toEqual([7, PUBLIC]);
      }
    }
    expect([await byTcp, waiting.length]).toEqual([PUBLIC, 2]);
  });
});

test("the root and top-level domains are asked of the upstreams for all, beside zones (AdGuardHome#7058)", async () => {
  await using upstream = await openUpstream((_, type) => ({ answer: type === NS ? [". 300 NS a.root."] : [] }));
  await using own = await openUpstream();
  const zones = `zones: { ".": "${own.address}", "example.org": "${own.address}", "10.in-addr.arpa": "${own.address}" }`;
  await withUpstream(upstream, zones, async (box) => {
    expect(await box.ask(".", "NS")).toBe("NOERROR NS a.root.");
    for (const [name, type] of [
      [".", "DNSKEY"],
      [".", "A"],
      ["org", "NS"],
      ["org", "DS"],
    ])
      await box.ask(name!, type);
    expect([upstream.count, own.count]).toEqual([5, 0]);
    expect(await box.ask("www.example.org")).toBe(PUBLIC);
    expect(await box.ask("nas")).toBe(PUBLIC);
    expect(own.count).toBe(2);
  });
});

describe("a list goes on behind lines that say nothing (blocky#2156):", () => {
  test.each([
    ["the slash of the report", ["/"]],
    [
      "marks without a name",
      ["//", "||", "@@", "^", "|", "*", "*.", "||^", "@@||^", "|^", "$important", "@@$important"],
    ],
    [
      "patterns that match every name",
      ["*.*", ".", "||*.*^", "/./", "/.+/", "/[a-z]/", "/^[a-z0-9._-]+$/", "/x?/", "@@/.+/"],
    ],
    ["regular expressions that are none", ["/(/", "/[/", "/a{99999}/", "/(?=a)/", "/\\/"]],
    ["many invalid lines", Array.from({ length: 200 }, (_, at) => `a..${at}`)],
    ["control characters", ["\0", "\x1b[2J", "\r", "\x7f.example", "\ufffd\ufffe"]],
    ["a line of 1 MB", ["x".repeat(1 << 20), `||${"y.".repeat(1 << 19)}example^`]],
  ])("%s", async (_, lines) => {
    await using upstream = await openUpstream();
    const list = ["first.example", ...lines, "last.example", ...lines].join("\n");
    const check = async (box: Box) => {
      expect(await box.ask("first.example")).toBe(BLOCKED);
      expect(await box.ask("last.example")).toBe(BLOCKED);
      expect(await box.ask("other.example")).toBe(PUBLIC);
    };
    await withUpstream(upstream, "blocklists: [./ads.txt]", check, { "ads.txt": list });
  });
});

test("signatures and proofs are not in answers to DO=0, whoever asked before (blocky#2203)", async () => {
  const signed = (name: string) => `${name} 300 RRSIG A 8 2 300 20301231000000 20200101000000 1 example. AAAA`;
  const proof = (name: string) => [soa(300), `${name} 300 NSEC z.example. A RRSIG NSEC`];
  await using upstream = await openUpstream((name, type) => {
    if (type === 46) return { answer: [signed(name)] };
    if (type === A) return { answer: [...address(name).answer, signed(name)], authority: proof(name) };
    return { authority: proof(name) };
  });
  await withUpstream(upstream, "", async (box) => {
    for (let round = 0; round < 2; round++) {
      const withDo = await box.told("www.example", "A", { wantsDnssec: true });
      expect([withDo.ttls.length, withDo.authority.some((line) => line.startsWith("NSEC"))]).toEqual([2, true]);
      for (const type of ["A", "MX"]) {
        const plain = await box.told("www.example", type);
        expect([type, ...plain.authority, plain.text].join(" ")).not.toMatch(/NSEC|RRSIG/);
      }
    }
    expect(await box.ask("www.example", "RRSIG")).toContain("RRSIG A 8 2 300");
  });
});

test("names of a list may end with a dot (pi-hole#4701)", async () => {
  await using upstream = await openUpstream();
  const lines = [
    "mail.forblown.pl.",
    "0.0.0.0 b.example. c.example.",
    "*.d.example.",
    "||e.example.^",
    "|f.example.^",
    "@@good.e.example.",
  ];
  const check = async (box: Box) => {
    for (const name of ["mail.forblown.pl", "b.example", "c.example", "x.d.example", "x.e.example", "f.example"])
      expect([name, await box.ask(name)]).toEqual([name, BLOCKED]);
    expect(await box.ask("good.e.example")).toBe(PUBLIC);
    expect(await box.ask("forblown.pl")).toBe(PUBLIC);
  };
  await withUpstream(upstream, "blocklists: [./ads.txt]", check, { "ads.txt": lines.join("\r\n") });
});

test.each<[string, ReplyFields]>([
  ["NODATA", { authority: [soa(300)] }],
  ["NXDOMAIN, which is wrong,", { rcode: 3, authority: [soa(300)] }],
  ["an empty answer without SOA", {}],
])("%s for TYPE65 and AAAA says nothing about A (FTL#1446)", async (_, nothing) => {
  await using upstream = await openUpstream((name, type) => (type === A ? address(name) : nothing));
  const rcode = nothing.rcode === 3 ? "NXDOMAIN" : "NOERROR";
  await withUpstream(upstream, "", async (box) => {
    for (let round = 0; round < 2; round++) {
      expect(await box.ask("www.example", "TYPE65")).toBe(rcode);
      expect(await box.ask("www.example", "AAAA")).toBe(rcode);
      expect(await box.ask("www.example")).toBe(PUBLIC);
      expect(await box.askByTcp("www.example")).toBe(PUBLIC);
    }
  });
});

test("what is stale gives way with one refresh, however often it is asked for (coredns#3586)", async () => {
  let isNew = false;
  await using upstream = await openUpstream((name) => {
    const gone = { rcode: 3, authority: [soa(1)] };
    if (name === "appears.example") return isNew ? address(name) : gone;
    if (name === "filled.example") return isNew ? address(name) : { authority: [soa(1)] };
    return isNew ? { ...gone, authority: [soa(300)] } : address(name, 1);
  });
  await withUpstream(upstream, "", async (box) => {
    for (const [name, before] of [
      ["appears.example", "NXDOMAIN"],
      ["filled.example", "NOERROR"],
      ["gone.example", PUBLIC],
    ])
      expect(await box.ask(name!)).toBe(before!);
    isNew = true;
    await box.untilAnswered("appears.example", PUBLIC);
    await box.untilAnswered("filled.example", PUBLIC);
    await box.untilAnswered("gone.example", "NXDOMAIN");
    const names = asked(upstream);
    for (const name of ["appears.example", "filled.example", "gone.example"])
      expect(names.filter((each) => each === name)).toHaveLength(2);
  });
});

test("each client sees its own ID, whatever it is, and no upstream sees it (dnsproxy#402)", async () => {
  await using upstream = await openUpstream();
  await withUpstream(upstream, "", async (box) => {
    for (const id of [0, 1, 0x8000, 0xffff]) {
      expect((await box.told(`n${id}.example`, "A", { id })).id).toBe(id);
      expect((await box.told(`n${id}.example`, "AAAA", { id: 0xffff - id })).id).toBe(0xffff - id);
      expect((await box.told("cached.example", "A", { id })).id).toBe(id);
    }
    const ids = new Set(upstream.asked.map(({ bytes }) => bytes.readUint16BE(0)));
    expect(ids.size).toBeGreaterThan(6);
  });
});
