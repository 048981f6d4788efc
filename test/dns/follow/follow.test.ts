import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SHARED_SETTINGS, sharedSettings } from "../../../src/dns/follow/shared-settings.ts";
import { hostRecords, parseRecord } from "../../../src/dns/local/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { type Box, withBox } from "../server/support.ts";

const DNS = "listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: [127.0.0.1:9]";

/** The token of an instance, and the address of its dashboard. */
function dashboardOf({ instance, folder }: Box): { url: string; token: string } {
  return { url: instance.statusUrl.replace(/\/$/, ""), token: readFileSync(join(folder, "data/token"), "utf8").trim() };
}

const first = (rules: string, hosts: string) =>
  `data: { folder: data }\ndomain: home.arpa\ndns: { ${DNS}, rules: [${rules}], hosts: { ${hosts} } }\n`;
const second = (url: string) =>
  `data: { folder: data }\ndomain: home.arpa\ndns: { ${DNS}, rules: ["||own.example^"], hosts: { pc: 192.0.2.3 }, follow: { url: "${url}", token: ./token, every: 1s } }\n`;

test("a name server takes over the rules and names of the one it follows, and each change; its own come first", async () => {
  await withBox(first('"||ads.example^"', "nas: 192.0.2.5, pc: 192.0.2.99"), async (leader) => {
    const { url, token } = dashboardOf(leader);
    await withBox(
      second(url),
      async (box) => {
        await box.untilAnswered("nas.home.arpa", "NOERROR A 192.0.2.5");
        await box.untilAnswered("ads.example", "NOERROR A 0.0.0.0");
        expect(await box.ask("pc.home.arpa")).toBe("NOERROR A 192.0.2.3");
        expect(await box.ask("own.example")).toBe("NOERROR A 0.0.0.0");
        expect(await leader.reload(first('"||spam.example^"', "wiki: 192.0.2.6"))).toBe("reloaded");
        await box.untilAnswered("wiki.home.arpa", "NOERROR A 192.0.2.6");
        await box.untilAnswered("spam.example", "NOERROR A 0.0.0.0");
        expect(await box.ask("nas.home.arpa")).toBe("NXDOMAIN");
        const kept = JSON.parse(readFileSync(join(box.folder, "data/dns/followed.json"), "utf8"));
        expect(kept.rules).toContain("||spam.example^");
      },
      { token },
    );
  });
});

test("while the other one is away the settings of before stay, also after a start", async () => {
  const kept = {
    version: 1,
    blocklists: [],
    allowlists: [],
    rules: ["||ads.example^"],
    records: ["nas.home.arpa 60 A 192.0.2.5"],
  };
  const away = createServer().listen(0, "127.0.0.1");
  const { port } = away.address() as AddressInfo;
  away.close();
  await withBox(
    second(`http://127.0.0.1:${port}`),
    async (box) => {
      expect(await box.ask("nas.home.arpa")).toBe("NOERROR A 192.0.2.5");
      expect(await box.ask("ads.example")).toBe("NOERROR A 0.0.0.0");
    },
    { token: "x", "data/dns/followed.json": JSON.stringify(kept) },
  );
});

test.each([
  ["a wrong token", 401, "{}", "Its token was refused"],
  ["another program", 200, "<html>", "something else than the settings"],
  ["a failure", 500, "{}", "found 500"],
  ["other JSON", 200, '{"version":1,"rules":[7]}', "something else than the settings"],
])("%s is logged, and changes nothing", async (_, status, body, problem) => {
  const other = createServer((_, response) => {
    response.statusCode = status;
    response.end(body);
  }).listen(0, "127.0.0.1");
  const { port } = other.address() as AddressInfo;
  try {
    await withBox(
      second(`http://127.0.0.1:${port}`),
      async (box) => {
        const untilMs = performance.now() + 20_000;
        const isLogged = () => box.log.lines.some(([, , fields]) => String(fields.problem).includes(problem));
        while (!isLogged() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10));
        expect(isLogged()).toBe(true);
        expect(await box.ask("pc.home.arpa")).toBe("NOERROR A 192.0.2.3");
      },
      { token: "x" },
    );
  } finally {
    other.close();
  }
});

test("what is told has names of this machine as records, and no lists in files", () => {
  const options = { domain: "home.arpa", ttlSeconds: 60 };
  const records = [...hostRecords("nas", ["192.0.2.5", "fd00::5"], options), parseRecord('t TXT "a b" "c"', options)];
  const config = { blocklists: ["stevenblack", "./mine.txt"], allowlists: [], rules: ["||a^"], localTtl: 30 };
  const network = {
    prefix: new Uint8Array(16),
    bits: 0,
    ipv4: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(127, 0, 0, 1)],
    ipv6: [],
  };
  const shared = sharedSettings({ config, records, own: [parseName("box.home.arpa")!] }, ["||b^$important"], [network]);
  expect(SHARED_SETTINGS.parse(JSON.parse(JSON.stringify(shared)))).toEqual({
    version: 1,
    blocklists: ["stevenblack"],
    allowlists: [],
    rules: ["||a^", "||b^$important"],
    records: [
      "nas.home.arpa 60 A 192.0.2.5",
      "nas.home.arpa 60 AAAA fd00::5",
      't.home.arpa 60 TXT "a b" "c"',
      "box.home.arpa 30 A 192.0.2.1",
    ],
  });
});

test("on the page of a name server that follows another, rules are made there", async () => {
  await withBox(
    second("http://127.0.0.1:9"),
    async (box) => {
      const { url, token } = dashboardOf(box);
      const response = await fetch(`${url}/api/dns/rules`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-tenk": "1" },
        body: JSON.stringify({ name: "ads.example", action: "block" }),
      });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining("follows http://127.0.0.1:9"),
      ]);
    },
    { token: "x" },
  );
});
