import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/app/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { withBox } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-dns-upstreams-"));
const own = selfSigned(folder, "own");
afterAll(() => rmSync(folder, { recursive: true }));

const LISTEN = "listen: 127.0.0.1:0, tls: off, blocklists: []";

/** Answers every question for an address with this one. */
const always =
  (ip: string) =>
  ({ bytes, reply }: Asked) => {
    const { text, type } = questionOf(bytes);
    reply(replyTo(bytes, type === 1 ? { answer: [`${text} 300 A ${ip}`] } : {}));
  };

describe("upstreams of the configuration", () => {
  test("that are named are found by the bootstrap servers", async () => {
    await using bootstrap = await FakeServer.open(always("127.0.0.1"));
    const tls = { cert: readFileSync(own.cert), key: readFileSync(own.key) };
    await using upstream = await FakeServer.open(always("192.0.2.1"), tls);
    const upstreams = `upstreams: ["tls://dns.example:${upstream.port}"], bootstrap: ["${bootstrap.address}"]`;
    await withBox(`dns: { ${LISTEN}, ${upstreams}, upstreamCa: ${own.cert} }\n`, async (box) => {
      expect(await box.ask("www.example")).toBe("NOERROR A 192.0.2.1");
      expect(new Set(bootstrap.asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase()))).toEqual(
        new Set(["dns.example"]),
      );
    });
  });

  test.each([
    ["bootstrap: [tls://dns.example]", "it must be an address"],
    ["bootstrap: []", "expected one name server or more"],
    ["upstreams: [udp://dns.example]", "a host can have a name with tls:// and https:// only"],
  ])("with %s are refused", (text, expected) => {
    expect(() => parseConfig(`dns: { ${text} }\n`, "tenk.yaml", folder)).toThrow(expected);
  });

  test("of zones are asked for their names, which are special everywhere else, and a reload takes them away", async () => {
    await using all = await FakeServer.open(always("192.0.2.1"));
    await using router = await FakeServer.open(({ bytes, reply }) => {
      const { text, type } = questionOf(bytes);
      const record = type === 12 ? "PTR nas.lan." : "A 192.168.1.5";
      reply(replyTo(bytes, { answer: [`${text} 300 ${record}`] }));
    });
    const text = (zones: string) => `dns: { ${LISTEN}, upstreams: ["${all.address}"], zones: { ${zones} } }\n`;
    const zones = ["lan", "168.192.in-addr.arpa", '"."'].map((zone) => `${zone}: "${router.address}"`).join(", ");
    await withBox(text(zones), async (box) => {
      expect(await box.ask("nas.lan")).toBe("NOERROR A 192.168.1.5");
      expect(await box.askByTcp("nas.lan")).toBe("NOERROR A 192.168.1.5");
      expect(await box.ask("5.1.168.192.in-addr.arpa", "PTR")).toBe("NOERROR PTR nas.lan.");
      expect(await box.ask("nas")).toBe("NOERROR A 192.168.1.5");
      expect(await box.ask("nas.home")).toBe("NXDOMAIN");
      expect(await box.ask("1.0.0.10.in-addr.arpa", "PTR")).toBe("NXDOMAIN");
      expect(all.count).toBe(0);
      expect(await box.reload(text(""))).toBe("reloaded");
      await box.untilAnswered("nas.lan", "NXDOMAIN");
      expect(await box.ask("nas")).toBe("NOERROR A 192.0.2.1");
    });
  });

  test.each([
    ['zones: { "a..b": 192.168.1.1 }', "Cannot use the zone a..b"],
    ["zones: { lan: {} }", "expected an upstream such as 192.168.1.1, or a list of them"],
    ["zones: { lan: [] }", "dns.zones.lan: expected an upstream such as 192.168.1.1, or a list of them"],
    ["zones: { lan: udp://router }", "a host can have a name with tls:// and https:// only"],
  ])("with %s are refused", (text, expected) => {
    expect(() => parseConfig(`dns: { ${text} }\n`, "tenk.yaml", folder)).toThrow(expected);
  });
});

test("private addresses that are cached are not given any more when the configuration forbids them", async () => {
  await using upstream = await FakeServer.open(always("192.168.1.5"));
  const text = (names: string) => `dns: { ${LISTEN}, upstreams: ["${upstream.address}"], privateNames: [${names}] }\n`;
  await withBox(text("corp.example"), async (box) => {
    expect(await box.ask("nas.corp.example")).toBe("NOERROR A 192.168.1.5");
    expect(await box.ask("nas.other.example")).toBe("NOERROR");
    expect(await box.reload(text(""))).toBe("reloaded");
    await box.untilAnswered("nas.corp.example", "NOERROR");
  });
});

describe("a local alias that leads out of the house", () => {
  const CNAMES = "NOERROR CNAME blog.home.arpa. CNAME WWW.example.org.";
  const records = [
    ...["www CNAME blog.home.arpa", "blog CNAME WWW.example.org", "ads CNAME ads.example", "far CNAME nas.lan"],
    ...["fails CNAME fails.example", "long CNAME long.example"],
  ];
  const MANY = Array.from({ length: 60 }, (_, index) => `long.example 300 A 192.0.2.${index}`);

  function outside(asked: Asked): void {
    const { text } = questionOf(asked.bytes);
    if (text.toLowerCase() === "fails.example") asked.reply(replyTo(asked.bytes, { rcode: 2 }));
    else if (text.toLowerCase() === "long.example") asked.reply(replyTo(asked.bytes, { answer: MANY }));
    else always("192.0.2.1")(asked);
  }

  test("is answered with what it leads to, which may be blocked or special, and leads elsewhere after a reload", async () => {
    await using upstream = await FakeServer.open(outside);
    const rules = `rules: ["||ads.example^"], records: ${JSON.stringify(records)}`;
    const text = `domain: home.arpa\ndns: { ${LISTEN}, upstreams: ["${upstream.address}"], ${rules} }\n`;
    await withBox(text, async (box) => {
      for (const [name, type, expected] of [
        ["WWW.home.arpa", "A", `${CNAMES} A 192.0.2.1`],
        ["WWW.home.arpa", "A", `${CNAMES} A 192.0.2.1`],
        ["blog.home.arpa", "CNAME", "NOERROR CNAME WWW.example.org."],
        ["www.home.arpa", "AAAA", CNAMES],
        ["ads.home.arpa", "A", "NOERROR CNAME ads.example. A 0.0.0.0"],
        ["far.home.arpa", "A", "NXDOMAIN CNAME nas.lan."],
        ["fails.home.arpa", "A", "SERVFAIL"],
      ] as const) {
        const told = await box.told(name, type, { id: 77, udpBytes: 1232 });
        expect([name, told.text, told.id]).toEqual([name, expected, 77]);
        expect(await box.askByTcp(name, type)).toBe(expected);
      }
      const asked = upstream.asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase());
      expect([...new Set(asked)]).toEqual(["www.example.org", "fails.example"]);
      expect((await box.told("long.home.arpa")).flags & 0x0200).toBe(0x0200);
      expect((await box.askByTcp("long.home.arpa")).match(/ A /g)).toHaveLength(60);
      await box.reload(text.replaceAll("WWW.example.org", "other.example"));
      await box.untilAnswered("blog.home.arpa", "NOERROR CNAME other.example. A 192.0.2.1");
    });
  });
});
