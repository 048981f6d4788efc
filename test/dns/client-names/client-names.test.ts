import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientNames, type ClientNamesOptions } from "../../../src/dns/client-names/mod.ts";
import { LocalNames } from "../../../src/dns/local/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-clients-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SECONDS = Math.floor(Date.now() / 1000);
const LATER = SECONDS + 3600;
const BEFORE = SECONDS - 3600;
const when = (seconds: number) =>
  new Date(seconds * 1000).toISOString().replace("T", " ").replaceAll("-", "/").slice(0, 19);

const records = [
  { name: parseName("nas.home.arpa")!, type: 1, ttlSeconds: 60, data: Uint8Array.of(192, 168, 1, 5) },
  {
    name: parseName("nas.home.arpa")!,
    type: 28,
    ttlSeconds: 60,
    data: Uint8Array.of(0xfd, ...new Array(14).fill(0), 5),
  },
];
const names = new LocalNames({ records, own: [], networks: [], ttlSeconds: 60 });

async function withNames(content: string, more: Partial<ClientNamesOptions> = {}) {
  const file = join(folder, "leases");
  writeFileSync(file, content);
  const clients = new ClientNames({
    leases: [file, join(folder, "missing")],
    local: () => ({ names, records }),
    ...more,
  });
  await clients.refresh();
  return { clients, file, [Symbol.dispose]: () => clients.stop() };
}

const DNSMASQ = `${LATER} 3c:22:fb:00:00:01 192.168.1.7 lisas-phone 01:3c
${BEFORE} 3c:22:fb:00:00:02 192.168.1.8 gone *
0 3c:22:fb:00:00:03 192.168.1.9 printer *
${LATER} 3c:22:fb:00:00:04 192.168.1.10 * *
${LATER} 3c:22:fb:00:00:05 192.168.1.11 bad\x1b[31mname *
${LATER} 3c:22:fb:00:00:06 192.168.1.5 other-name-of-nas *
duid 00:01:00:01
${LATER} 1234 fd00::7 lisas-phone 00:01
`;
const DHCPD = `# comment
lease 192.168.1.7 {
  starts 1 ${when(BEFORE)};
  ends 1 ${when(LATER)};
  binding state active;
  hardware ethernet 3c:22:fb:00:00:01;
  client-hostname "lisas-phone";
}
lease 192.168.1.8 {
  ends 1 ${when(BEFORE)};
  binding state active;
  client-hostname "gone";
}
lease 192.168.1.9 {
  ends never;
  binding state active;
  client-hostname "printer";
}
lease 192.168.1.12 {
  ends never;
  binding state active;
  client-hostname "freed";
}
lease 192.168.1.12 {
  binding state free;
}
`;
const KEA = `address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
192.168.1.7,3c:22:fb:00:00:01,,4000,${LATER},1,0,0,lisas-phone.,0,,0
192.168.1.8,3c:22:fb:00:00:02,,4000,${BEFORE},1,0,0,gone,0,,0
192.168.1.9,3c:22:fb:00:00:03,,4294967295,${LATER},1,0,0,printer,0,,0
192.168.1.12,3c:22:fb:00:00:04,,4000,${LATER},1,0,0,freed,0,,0
192.168.1.12,3c:22:fb:00:00:04,,4000,${LATER},1,0,0,freed,2,,0
`;

describe("names of clients", () => {
  for (const [server, content] of [
    ["dnsmasq", DNSMASQ],
    ["ISC's dhcpd", DHCPD],
    ["Kea", KEA],
  ] as const) {
    test(`come from the leases of ${server} that are in force`, async () => {
      using it = await withNames(content);
      const found = ["7", "8", "9", "12"].map((last) => it.clients.nameOf(`192.168.1.${last}`));
      expect(found).toEqual(["lisas-phone", undefined, "printer", undefined]);
    });
  }

  test("of leases are host names only: a client chooses its own", async () => {
    using it = await withNames(DNSMASQ);
    expect([it.clients.nameOf("192.168.1.10"), it.clients.nameOf("192.168.1.11")]).toEqual([undefined, undefined]);
  });

  test("are the local ones first", async () => {
    using it = await withNames(DNSMASQ);
    expect([it.clients.nameOf("192.168.1.5"), it.clients.nameOf("fd00::5")]).toEqual([
      "nas.home.arpa",
      "nas.home.arpa",
    ]);
  });

  test("lead to addresses, by a part of them", async () => {
    using it = await withNames(DNSMASQ);
    expect(it.clients.addressesOf("PHONE")).toEqual(["192.168.1.7", "fd00::7"]);
    expect(it.clients.addressesOf("nas")).toEqual(["192.168.1.5", "fd00::5"]);
    expect(it.clients.addressesOf("nobody")).toEqual([]);
  });

  test("are read again when a file has changed", async () => {
    using it = await withNames(DNSMASQ);
    writeFileSync(it.file, `0 3c:22 192.168.1.7 a-new-name-of-the-phone *\n`);
    await it.clients.refresh();
    expect(it.clients.nameOf("192.168.1.7")).toBe("a-new-name-of-the-phone");
    it.clients.change([]);
    await it.clients.refresh();
    expect(it.clients.nameOf("192.168.1.7")).toBeUndefined();
  });

  test("are bounded, and so is what is read of a file", async () => {
    const many = Array.from({ length: 300 }, (_, at) => `0 3c:22 10.0.${at >> 8}.${at & 255} client-${at} *\n`).join(
      "",
    );
    using few = await withNames(many, { maxNames: 100 });
    expect([few.clients.nameOf("10.0.0.99"), few.clients.nameOf("10.0.0.100")]).toEqual(["client-99", undefined]);
    using end = await withNames(many, { maxBytes: 100 });
    expect([end.clients.nameOf("10.0.0.0"), end.clients.nameOf("10.0.1.43")]).toEqual([undefined, "client-299"]);
  });
});
