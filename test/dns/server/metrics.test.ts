import { expect, test } from "bun:test";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { withBox } from "./support.ts";

test("every kind of query, answer and list is counted, by closed sets of labels", async () => {
  await using upstream = await FakeServer.open(({ bytes, reply }) => {
    const { text } = questionOf(bytes);
    if (text.toLowerCase().startsWith("missing.")) reply(replyTo(bytes, { rcode: 3 }));
    else reply(replyTo(bytes, { answer: [`${text} 300 A 198.51.100.1`] }));
  });
  const text = `dns: { listen: 127.0.0.1:0, tls: off, blocklists: [./ads.txt], upstreams: ["${upstream.address}"], hosts: { nas: 192.168.1.5 } }\n`;
  await withBox(
    text,
    async (box) => {
      for (const name of ["nas.home.arpa", "ads.example", "a.example", "a.example", "missing.example", "localhost"])
        await box.ask(name);
      await box.askByTcp("nas.home.arpa");
      await box.ask("a.example", "ANY");
      const page = await (await fetch(`${box.instance.statusUrl}metrics`)).text();
      const lines = new Set(page.split("\n"));
      for (const line of [
        'tenk_dns_queries_total{transport="udp"} 7',
        'tenk_dns_queries_total{transport="tcp"} 1',
        'tenk_dns_answers_total{verdict="local"} 2',
        'tenk_dns_answers_total{verdict="special"} 1',
        'tenk_dns_answers_total{verdict="blocked"} 1',
        'tenk_dns_answers_total{verdict="cached"} 1',
        'tenk_dns_answers_total{verdict="forwarded"} 2',
        'tenk_dns_responses_total{rcode="NOERROR"} 6',
        'tenk_dns_responses_total{rcode="NXDOMAIN"} 1',
        'tenk_dns_responses_total{rcode="REFUSED"} 1',
        'tenk_dns_refused_total{reason="any"} 1',
        'tenk_dns_malformed_total{reason="response"} 0',
        "tenk_dns_cache_entries 1",
        "tenk_dns_cache_size_bytes 8388608",
        `tenk_dns_upstream_queries_total{upstream="udp://${upstream.address}"} 2`,
        `tenk_dns_upstream_answers_total{upstream="udp://${upstream.address}"} 2`,
        `tenk_dns_upstream_up{upstream="udp://${upstream.address}"} 1`,
        `tenk_dns_upstream_response_seconds_count{upstream="udp://${upstream.address}"} 2`,
        "tenk_dns_blocking_enabled 1",
        "tenk_dns_block_names 2",
        'tenk_dns_list_names{list="./ads.txt"} 2',
        'tenk_dns_list_invalid_lines{list="./ads.txt"} 1',
        'tenk_dns_list_failures_total{reason="unreachable"} 0',
      ])
        expect(lines.has(line) ? line : [line, page.match(new RegExp(`^${line.split(/[{ ]/)[0]}.*`, "gm"))]).toBe(line);
    },
    { "ads.txt": "0.0.0.0 ads.example\n0.0.0.0 more.example\na b c\n" },
  );
});
