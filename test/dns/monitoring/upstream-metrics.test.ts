import { expect, test } from "bun:test";
import { upstreamMetrics } from "../../../src/dns/monitoring/upstream-metrics.ts";
import { openHouse } from "../resolver/house.ts";
import { hasEdns, replyTo } from "../upstream/replies.ts";

test("what the queries of an upstream met is counted for each upstream", async () => {
  await using house = await openHouse(({ transport, bytes, reply }) => {
    if (hasEdns(bytes)) return reply(replyTo(bytes, { rcode: 1 }));
    reply(Uint8Array.of(1, 2, 3));
    reply(replyTo(bytes, { flags: transport === "udp" ? 0x0200 : 0, answer: ["www.example 300 A 192.0.2.1"] }));
  });
  expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
  const metrics = upstreamMetrics({ resolver: house.resolver });
  const values = new Map<string, number>();
  for (const { name, read } of metrics) {
    read?.((value, labels) => {
      if (labels?.upstream === `udp://${house.server.address}`) values.set(name, value);
    });
  }
  expect(values.get("tenk_dns_upstream_ignored_total")).toBe(1);
  expect(values.get("tenk_dns_upstream_by_tcp_total")).toBe(1);
  expect(values.get("tenk_dns_upstream_without_edns_total")).toBe(1);
});
