import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { houseAddresses, type SetupFacts, setupPages } from "../../../src/dns/setup-page/mod.ts";
import { newFolder, testWith } from "../../certificates/support.ts";
import { hasBrowser, launchBrowser } from "../../dash/browser.ts";

const URL = "http://box.home.arpa/dns";
const FACTS: SetupFacts = {
  addresses: ["192.168.1.2", "fd00::2"],
  port: 53,
  name: "box.home.arpa",
  tls: { name: "box.home.arpa", port: 853 },
  template: "https://box.home.arpa/dns-query",
  isPublic: false,
};
const page = (facts: Partial<SetupFacts> = {}) => String(setupPages({ ...FACTS, ...facts }, URL)["/dns"]!.body);
const profileOf = (facts: Partial<SetupFacts> = {}) =>
  String(setupPages({ ...FACTS, ...facts }, URL)["/dns/tenk-dns.mobileconfig"]!.body);

describe("the page that explains how to use this resolver", () => {
  test("has every file it links to, and what is at /ca, and nothing else", () => {
    const links = [...page().matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!);
    expect([...new Set(links)].sort()).toEqual(["/ca", "/dns/qr.svg", "/dns/tenk-dns.mobileconfig"]);
    expect(Object.keys(setupPages(FACTS, URL)).sort()).toEqual([
      "/dns",
      "/dns/",
      "/dns/qr.svg",
      "/dns/tenk-dns.mobileconfig",
    ]);
    expect(page()).not.toMatch(/\{\w+\}|undefined|<script/);
  });

  test("has a guide for each kind of device", () => {
    const devices = [...page().matchAll(/<summary>(.*?)<\/summary>/g)].map(([, device]) => device);
    expect(devices).toEqual([
      "The router, for all devices at once",
      "Android",
      "iPhone, iPad and Mac",
      "Windows 11",
      "Linux",
      "Browsers",
      "See whether it works",
    ]);
  });

  test("tells addresses, names and ports as they are", () => {
    for (const text of [
      "<li>DNS: <code>192.168.1.2</code> and <code>fd00::2</code></li>",
      "<li>DNS over TLS: <code>box.home.arpa</code></li>",
      "<li>DNS over HTTPS: <code>https://box.home.arpa/dns-query</code></li>",
      "DNS=192.168.1.2#box.home.arpa fd00::2#box.home.arpa\nDNSOverTLS=yes",
    ])
      expect(page()).toContain(text);
    expect(page()).not.toContain("ask port 53 alone");
    const elsewhere = page({ port: 5354, tls: { name: "box.home.arpa", port: 8853 } });
    for (const text of [
      "fd00::2</code>, port 5354</li>",
      "<li>DNS over TLS: <code>box.home.arpa</code>, port 8853</li>",
      "ask port 53 alone",
      "at <b>Automatic</b> or off",
      "DNS=192.168.1.2:8853#box.home.arpa [fd00::2]:8853#box.home.arpa",
    ])
      expect(elsewhere).toContain(text);
  });

  test("has nothing about what is not there", () => {
    const bare = page({ tls: undefined, template: undefined, addresses: [] });
    expect(bare).not.toMatch(/mobileconfig|dns-query|DNSOverTLS|undefined|\{\w+\}/);
    expect(Object.keys(setupPages({ ...FACTS, template: undefined }, URL))).not.toContain("/dns/tenk-dns.mobileconfig");
    expect(bare).toContain("the address of this box");
  });

  test("sends devices to /ca first, unless everybody trusts the certificates", () => {
    expect(page()).toContain('<a href="/ca">trust this box</a>');
    const open = page({ isPublic: true });
    expect(open).not.toContain("/ca");
    expect(open).toContain("choose the provider's host name, and enter <code>box.home.arpa</code>");
  });

  test("escapes whatever it shows", () => {
    const evil = `x"><script>x</script>`;
    const facts = { addresses: [evil], name: evil, tls: { name: evil, port: 1 }, template: `https://box/${evil}` };
    expect(page(facts)).not.toContain("<script");
    expect(profileOf(facts)).not.toContain("<script");
  });
});

describe("Apple's profile", () => {
  testWith("python3", "is a property list that asks by HTTPS where the resolver answers", async () => {
    const file = join(newFolder(), "dns.mobileconfig");
    writeFileSync(file, profileOf());
    const program = `import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))`;
    const profile = JSON.parse(spawnSync("python3", ["-c", program, file], { encoding: "utf8" }).stdout);
    const [payload] = profile.PayloadContent;
    expect([profile.PayloadType, profile.PayloadIdentifier]).toEqual(["Configuration", "tenk.dns.box.home.arpa"]);
    expect(profile.PayloadContent).toHaveLength(1);
    expect(payload).toMatchObject({
      PayloadType: "com.apple.dnsSettings.managed",
      PayloadVersion: 1,
      PayloadIdentifier: "tenk.dns.box.home.arpa.https",
      DNSSettings: {
        DNSProtocol: "HTTPS",
        ServerURL: "https://box.home.arpa/dns-query",
        ServerAddresses: ["192.168.1.2", "fd00::2"],
      },
      OnDemandRules: [
        {
          Action: "Connect",
          URLStringProbe: expect.stringMatching(/^https:\/\/box\.home\.arpa\/dns-query\?dns=[\w-]+$/),
        },
        { Action: "Disconnect" },
      ],
    });
    const ids = [profile.PayloadUUID, payload.PayloadUUID];
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });

  test("keeps its UUIDs when the addresses change, so that it replaces the former one", () => {
    const uuids = (facts: Partial<SetupFacts>) => profileOf(facts).match(/[0-9A-F]{8}-[0-9A-F-]{27}/g);
    expect(uuids({ addresses: ["10.0.0.9"] })).toEqual(uuids({}));
    expect(uuids({ template: "https://other.home.arpa/dns-query" })).not.toEqual(uuids({}));
  });
});

test("addresses that devices of the house reach come first, and no others", () => {
  const at = (address: string, internal = false) => ({ address, internal });
  const interfaces = {
    lo: [at("127.0.0.1", true), at("::1", true)],
    docker0: [at("172.17.0.1")],
    "br-1234": [at("172.18.0.1")],
    eth0: [at("fd00::2"), at("fe80::1"), at("192.168.1.2")],
    wlan0: [at("192.168.1.3")],
  };
  expect(houseAddresses(interfaces)).toEqual(["192.168.1.2", "192.168.1.3", "fd00::2"]);
  expect(houseAddresses({ lo: interfaces.lo })).toEqual([]);
});

if (hasBrowser())
  test("the page fits a phone, in a browser that obeys its security policy", async () => {
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const { pathname, href } = new globalThis.URL(request.url);
        const found = setupPages(FACTS, new globalThis.URL("/dns", href).href)[pathname];
        return found
          ? new Response(found.body as string, found)
          : new Response(null, { status: pathname === "/favicon.ico" ? 204 : 404 });
      },
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(`${server.url}dns`);
      for (const summary of await page.locator("summary").all()) await summary.click();
      const shown = await page.evaluate<{ width: number; codeWidth: number }>(
        "({ width: document.documentElement.scrollWidth, codeWidth: document.querySelector('img').naturalWidth })",
      );
      expect(shown.width).toBeLessThanOrEqual(360);
      expect(shown.codeWidth).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
      if (process.env.TENK_SHOTS)
        await page.screenshot({ path: join(process.env.TENK_SHOTS, "dns.png"), fullPage: true });
    } finally {
      await browser.close();
    }
  }, 60_000);
