import { describe, expect, test } from "bun:test";
import type { WhyAnswer } from "../../../src/dash/mod.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const FILES = {
  "ads.txt": "# ads\n0.0.0.0 ads.example\n||tracker.example^\n||cloak.example^\n/^promo[0-9]+\\./\n",
  "more.txt": "tracker.example\n@@||good.tracker.example^\n",
};

function config(upstream: string): string {
  return `
domain: home.arpa
dns:
  listen: 127.0.0.1:0
  tls: off
  upstreams: ["${upstream}"]
  zones: { lan.example: 127.0.0.1:9 }
  blocklists: [./ads.txt, ./more.txt]
  rules: ["||rewritten.example^$dnsrewrite=192.0.2.9"]
  hosts: { nas: 192.168.1.5, lisas-phone: 192.168.1.7 }
  records: ["blog CNAME www.example.org"]
`;
}

async function why({ instance }: Box, query: string): Promise<WhyAnswer & { readonly error?: string }> {
  const response = await fetch(new URL(`api/dns/why?${query}`, instance.statusUrl));
  return (await response.json()) as WhyAnswer & { error?: string };
}

/** Knows `cloaked.example`, which leads to a tracker, and answers everything else with an address. */
const openUpstream = () =>
  FakeServer.open(({ bytes, reply }) => {
    const { text } = questionOf(bytes);
    // The case of the question is random.
    const answer = /^cloaked/i.test(text)
      ? [`${text} 300 CNAME x.cloak.example`, "x.cloak.example 300 A 192.0.2.2"]
      : [`${text} 300 A 192.0.2.1`];
    reply(replyTo(bytes, { answer }));
  });

describe("why a name is answered as it is:", () => {
  test("what decides is told with its line, its age, or who would be asked", async () => {
    await using upstream = await openUpstream();
    await withBox(
      config(upstream.address),
      async (box) => {
        const lines = (found: WhyAnswer) => found.lists?.lines.map(({ list, line, text }) => `${list}:${line} ${text}`);
        expect(await why(box, "name=NAS.home.arpa.")).toMatchObject({
          ...{ name: "nas.home.arpa", type: "A", client: "127.0.0.1", verdict: "local", rcode: "NOERROR" },
          ...{ records: ["A 192.168.1.5"], lists: null, isPaused: false, cache: null, upstreams: [] },
        });
        expect(await why(box, "name=localhost")).toMatchObject({ verdict: "special", records: ["A 127.0.0.1"] });
        const blocked = await why(box, "name=ads.example");
        expect(blocked).toMatchObject({ verdict: "blocked", records: ["A 0.0.0.0"], lists: { action: "block" } });
        expect(lines(blocked)).toEqual(["./ads.txt:2 0.0.0.0 ads.example"]);
        expect(lines(await why(box, "name=www.tracker.example&type=https"))).toEqual([
          "./ads.txt:3 ||tracker.example^",
        ]);
        expect(lines(await why(box, "name=promo7.shop.example"))).toEqual([
          `./ads.txt:5 ${String.raw`/^promo[0-9]+\./`}`,
        ]);
        const allowed = await why(box, "name=good.tracker.example");
        expect(allowed).toMatchObject({ verdict: "forwarded", rcode: null, lists: { action: "allow" } });
        expect(lines(allowed)).toEqual(["./more.txt:2 @@||good.tracker.example^"]);
        expect(await why(box, "name=rewritten.example")).toMatchObject({
          verdict: "rewritten",
          records: ["A 192.0.2.9"],
          lists: { action: "rewrite" },
        });
        const forwarded = await why(box, "name=www.example.org");
        expect(forwarded).toMatchObject({ verdict: "forwarded", records: [], lists: null, cache: null });
        expect(forwarded.upstreams.join()).toContain(upstream.address.split(":").at(-1)!);
        expect((await why(box, "name=a.lan.example")).upstreams.join()).toEndWith(":9");
        expect(await why(box, "name=blog.home.arpa")).toMatchObject({
          verdict: "forwarded",
          records: ["CNAME www.example.org."],
        });
        // Neither of these is a query.
        expect(upstream.asked).toEqual([]);
        await box.ask("www.example.org");
        const cached = await why(box, "name=www.example.org");
        expect(cached).toMatchObject({ verdict: "cached", records: ["A 192.0.2.1"], cache: { ttlSeconds: 300 } });
        expect(cached.cache!.ageSeconds).toBeLessThan(60);
      },
      FILES,
    );
  });

  test("a name whose cached answer leads to a blocked one is told with that", async () => {
    await using upstream = await openUpstream();
    await withBox(
      config(upstream.address),
      async (box) => {
        await box.ask("cloaked.example");
        expect(await why(box, "name=cloaked.example")).toMatchObject({
          verdict: "blocked",
          lists: { name: "x.cloak.example", lines: [{ list: "./ads.txt", line: 4 }] },
        });
      },
      FILES,
    );
  });

  test("the client may be named; what cannot be read is said so", async () => {
    await withBox(
      config("127.0.0.1:9"),
      async (box) => {
        expect((await why(box, "name=nas.home.arpa&client=lisas-phone")).client).toBe("192.168.1.7");
        for (const [query, error] of [
          ["name=", "cannot read name: it is empty"],
          ["name=a..b", "cannot read name: it has an empty label"],
          ["name=a.b&type=x", "cannot read type: expected a type such as A"],
          ["name=a.b&client=nobody", "cannot read client: expected an address, or the name of a client"],
        ] as const) {
          expect((await why(box, query)).error).toStartWith(error);
        }
      },
      FILES,
    );
  });
});
