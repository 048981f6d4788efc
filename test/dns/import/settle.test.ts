import { expect, test } from "bun:test";
import { parseConfig } from "../../../src/app/mod.ts";
import { settled } from "../../../src/dns/import/settle.ts";

test("what the configuration does not accept is left out entry by entry, and named; the rest is valid", () => {
  const long = `${"a".repeat(60)}.`.repeat(4);
  const dns = {
    upstreams: ["9.9.9.9", "nonsense", "udp://127.0.0.1:5335", ""],
    blocklists: ["stevenblack", "stevenblak"],
    hosts: { nas: "192.168.1.5", tv: "x", [long + long]: "10.0.0.1" },
    records: ["files CNAME nas.home.arpa", "files NONSENSE x"],
    blocking: { mode: "nxdomain", ttl: "-5s" },
    nonsense: { a: 1 },
  };
  const { dns: kept, yaml, problems } = settled({ dns, yaml: "", problems: [{ where: "a", text: "b" }] });
  expect(kept).toEqual({
    upstreams: ["9.9.9.9", "udp://127.0.0.1:5335"],
    blocklists: ["stevenblack"],
    hosts: { nas: "192.168.1.5" },
    records: ["files CNAME nas.home.arpa"],
    blocking: { mode: "nxdomain" },
  });
  parseConfig(yaml, "imported.yaml");
  expect(problems.map(({ where }) => where).toSorted()).toEqual([
    "a",
    "dns.blocking.ttl",
    "dns.blocklists.1",
    `dns.hosts.${long}${long}`,
    "dns.hosts.tv",
    "dns.nonsense",
    "dns.records.1",
    "dns.upstreams.1",
    "dns.upstreams.3",
  ]);
  expect(problems.find(({ where }) => where === "dns.nonsense")?.text).toBe(
    `not carried over: ${JSON.stringify('{"a":1}')}: tenk has no such setting`,
  );
});

test("a list of which nothing is left is left out as a whole", () => {
  expect(settled({ dns: { upstreams: ["x"], blocklists: [] }, yaml: "", problems: [] }).dns).toEqual({
    blocklists: [],
  });
});
