import { describe, expect, test } from "bun:test";
import { freePort, until } from "../../net/support.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const LISTEN = "listen: 127.0.0.1:0, tls: off, blocklists: []";

/** An upstream where `cloaked.example` is another name of `ads.example`. */
const openUpstream = () =>
  FakeServer.open(({ bytes, reply }: Asked) => {
    const { text, type } = questionOf(bytes);
    const isCloaked = /^(cloaked|exempt)\.example$/i.test(text);
    const cname = isCloaked ? [`${text} 300 CNAME Ads.example`] : [];
    const owner = isCloaked ? "ads.example" : text;
    reply(replyTo(bytes, { answer: [...cname, ...(type === 1 ? [`${owner} 300 A 198.51.100.1`] : [])] }));
  });

const logged = (box: Box, message: string) => box.log.lines.find(([, text]) => text === message)?.[2];

test("a client above its rate is in the log, gets nothing by datagram and REFUSED by TCP", async () => {
  await using upstream = await openUpstream();
  const rate = "rate: { queries: 3, window: 1h, exempt: [] }";
  await withBox(`dns: { ${LISTEN}, upstreams: ["${upstream.address}"], ${rate} }\n`, async (box) => {
    for (let index = 0; index < 3; index++) expect(await box.ask("localhost")).toBe("NOERROR A 127.0.0.1");
    void box.ask("localhost").catch(() => undefined);
    await until(() => logged(box, "query refused") !== undefined);
    expect(logged(box, "query refused")).toMatchObject({ reason: "rate", client: "127.0.0.1", count: 1 });
    // The thread of TCP has a guard of its own.
    for (let index = 0; index < 3; index++) await box.askByTcp("localhost");
    expect(await box.askByTcp("localhost")).toBe("REFUSED");
  });
});

test("an upstream that is this server itself is found and left alone", async () => {
  const port = await freePort();
  const upstream = `upstreams: ["127.0.0.1:${port}"], upstreamTimeout: 100ms`;
  const text = `dns: { listen: "127.0.0.1:${port}", tls: off, blocklists: [], ${upstream} }\n`;
  await withBox(text, async (box) => {
    // An upstream that does not answer is probed.
    expect(await box.ask("www.example")).toBe("SERVFAIL");
    await until(() => logged(box, "upstream sends our queries back") !== undefined);
    expect(await box.ask("other.example")).toBe("SERVFAIL");
    const metrics = await (await fetch(`${box.instance.statusUrl}metrics`)).text();
    expect(metrics).toContain(`tenk_dns_upstream_up{upstream="udp://127.0.0.1:${port}"} 0`);
  });
});

describe("rules", () => {
  const RULES = [
    ...["||ads.example^", "@@||exempt.example^", "||one.example^$dnsrewrite=192.0.2.7"],
    "||other.example^$dnsrewrite=www.example",
  ];
  const text = (upstream: FakeServer, more: string) =>
    `dns: { ${LISTEN}, upstreams: ["${upstream.address}"], rules: ${JSON.stringify(RULES)}, ${more} }\n`;

  test("block answers that lead to a blocked name, fresh ones and those of the cache, by UDP and TCP", async () => {
    await using upstream = await openUpstream();
    await withBox(text(upstream, "blocking: { mode: custom, addresses: [192.0.2.9] }"), async (box) => {
      for (let round = 0; round < 2; round++) {
        expect(await box.ask("cloaked.example")).toBe("NOERROR A 192.0.2.9");
        expect(await box.askByTcp("cloaked.example")).toBe("NOERROR A 192.0.2.9");
        expect(await box.ask("cloaked.example", "AAAA")).toBe("NOERROR");
        expect(await box.ask("exempt.example")).toBe("NOERROR CNAME Ads.example. A 198.51.100.1");
      }
    });
  });

  test.each(["{ enabled: true }", "{ enabled: false }"])("rewrite names with blocking: %s", async (blocking) => {
    await using upstream = await openUpstream();
    await withBox(text(upstream, `blocking: ${blocking}`), async (box) => {
      for (let round = 0; round < 2; round++) {
        expect(await box.ask("one.example")).toBe("NOERROR A 192.0.2.7");
        expect(await box.ask("one.example", "AAAA")).toBe("NOERROR");
        expect(await box.ask("other.example")).toBe("NOERROR CNAME www.example. A 198.51.100.1");
        expect(await box.askByTcp("OTHER.example")).toBe("NOERROR CNAME www.example. A 198.51.100.1");
        expect(await box.ask("other.example", "CNAME")).toBe("NOERROR CNAME www.example.");
      }
    });
  });

  test.each([
    ["mode: custom", "mode: custom needs addresses"],
    ["mode: nxdomain, addresses: [192.0.2.9]", "mode: custom needs addresses"],
    ["mode: custom, addresses: [none]", "expected an address"],
  ])("cannot block with %s", async (blocking, expected) => {
    expect(withBox(`dns: { blocking: { ${blocking} } }\n`, async () => undefined)).rejects.toThrow(expected);
  });
});
