import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/app/mod.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const LISTEN = "listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: [127.0.0.1:9]";

describe("the part dns", () => {
  test.each([
    ["git.home.arpa", "A", "NOERROR A 127.0.0.1"],
    ["git.local", "A", "NOERROR A 127.0.0.1"],
    ["git.localhost", "A", "NOERROR A 127.0.0.1"],
    ["GIT.Home.Arpa", "MX", "NOERROR"],
    ["cache.home.arpa", "A", "NOERROR A 192.0.2.7"],
    [`${hostname().split(".")[0]}.home.arpa`, "A", "NOERROR A 127.0.0.1"],
    ["nas.home.arpa", "A", "NOERROR A 192.168.1.5"],
    ["nas.home.arpa", "AAAA", "NOERROR AAAA fd00::5"],
    ["files.home.arpa", "A", "NOERROR CNAME nas.home.arpa. A 192.168.1.5"],
    ["home.arpa", "MX", "NOERROR MX 10 nas.home.arpa."],
    ["5.1.168.192.in-addr.arpa", "PTR", "NOERROR PTR nas.home.arpa."],
    ["other.home.arpa", "A", "NXDOMAIN"],
    ["secret.home.arpa", "A", "NXDOMAIN"],
    ["ads.example", "A", "NOERROR A 0.0.0.0"],
    ["www.tracker.example", "AAAA", "NOERROR AAAA ::"],
    ["good.tracker.example", "A", "NOERROR A 198.51.100.1"],
    ["www.example", "A", "NOERROR A 198.51.100.1"],
    ["use-application-dns.net", "A", "NXDOMAIN"],
  ])("answers %s %s: %s", async (name, type, expected) => {
    await using upstream = await FakeServer.open(({ bytes, reply }) =>
      reply(replyTo(bytes, { answer: [`${questionOf(bytes).text} 300 A 198.51.100.1`] })),
    );
    const text = `
domain: home.arpa
services:
  git: { target: http://127.0.0.1:3000 }
  cache: { target: "redis://192.0.2.7:6379" }
  secret: { target: http://127.0.0.1:3001, dns: false }
dns:
  listen: 127.0.0.1:0
  tls: off
  upstreams: ["${upstream.address}"]
  blocklists: [./ads.txt]
  rules: ["||tracker.example^", "@@||good.tracker.example^"]
  hosts: { nas: [192.168.1.5, "fd00::5"] }
  records: ["files CNAME nas.home.arpa", "home.arpa MX 10 nas.home.arpa"]
`;
    await withBox(
      text,
      async (box) => {
        expect(await box.ask(name, type)).toBe(expected);
        expect(await box.askByTcp(name, type)).toBe(expected);
      },
      { "ads.txt": "0.0.0.0 ads.example\n" },
    );
  });

  test("a reload adds and removes names, and blocks other ones, while the sockets stay", async () => {
    const text = (services: string, rules: string) =>
      `domain: home.arpa\nservices: { ${services} }\ndns: { ${LISTEN}, rules: [${rules}] }\n`;
    await withBox(text("git: http://127.0.0.1:3000", '"||ads.example^"'), async (box) => {
      expect(await box.ask("wiki.home.arpa")).toBe("NXDOMAIN");
      expect(await box.ask("ads.example")).toBe("NOERROR A 0.0.0.0");
      expect(await box.reload(text("wiki: http://127.0.0.1:3000", '"||spam.example^"'))).toBe("reloaded");
      await box.untilAnswered("wiki.home.arpa", "NOERROR A 127.0.0.1");
      expect(await box.ask("git.home.arpa")).toBe("NXDOMAIN");
      await box.untilAnswered("spam.example", "NOERROR A 0.0.0.0");
      expect(await box.askByTcp("wiki.home.arpa")).toBe("NOERROR A 127.0.0.1");
      expect(await box.askByTcp("spam.example")).toBe("NOERROR A 0.0.0.0");
    });
  });

  test("a reload with a list that changed blocks its names", async () => {
    const text = (lists: string) => `dns: { ${LISTEN.replace("blocklists: []", `blocklists: [${lists}]`)} }\n`;
    await withBox(
      text("./one.txt"),
      async (box) => {
        expect(await box.ask("one.example")).toBe("NOERROR A 0.0.0.0");
        writeFileSync(join(box.folder, "two.txt"), "two.example\n");
        expect(await box.reload(text("./two.txt"))).toBe("reloaded");
        await box.untilAnswered("two.example", "NOERROR A 0.0.0.0");
      },
      { "one.txt": "one.example\n" },
    );
  });

  test.each([
    ["upstreams: [nonsense]", "dns.upstreams.0"],
    ["blocklists: [stevenblak]", "stevenblack"],
    ['records: ["nas A 1.2.3"]', "dns.records.0"],
    ["hosts: { nas: router }", "dns.hosts.nas"],
    ["blocking: { mode: drop }", "dns.blocking.mode"],
    ["listen: [127.0.0.1:53, 127.0.0.2:54]", "dns.listen"],
  ])("refuses %s, naming %s", async (setting, named) => {
    await expect(withBox(`dns: { ${setting} }\n`, async () => {})).rejects.toThrow(named);
  });

  test("a port that a program has for UDP is in use, and the error names the program", async () => {
    const holder = createSocket("udp4").bind(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address();
    try {
      const text = `dns: { ${LISTEN.replace("127.0.0.1:0", `127.0.0.1:${port}`)} }\n`;
      await expect(withBox(text, async () => {})).rejects.toThrow(`it is in use by bun (pid ${process.pid})`);
    } finally {
      holder.close();
    }
  });

  test("a line of the page's rules that is not used is logged with its reason, the others hold", async () => {
    const files = { "data/dns-rules.txt": "||two words^\n/(/\n||ads.example^\n" };
    const box = async (box: Box) => {
      expect(await box.ask("ads.example")).toBe("NOERROR A 0.0.0.0");
      const unused = box.log.lines.filter(([, message]) => message === "rule not used").map(([, , fields]) => fields);
      expect(unused).toEqual([
        { file: "dns-rules.txt", line: 1, reason: expect.any(String) },
        { rule: "/(/", reason: expect.any(String) },
      ]);
    };
    await withBox(`dns: { ${LISTEN} }\ndata: { folder: data }\n`, box, files);
  });

  test.each([
    ["||two words^", "expected an address before several names"],
    ["/(/", "its regular expression is refused"],
    ["ads.example##.banner", "it is for browsers"],
  ])("a rule of the configuration that would not be used is refused: %j", (rule, why) => {
    const text = `dns:\n  rules: ["||ads.example^", ${JSON.stringify(rule)}]`;
    expect(() => parseConfig(text, "tenk.yaml")).toThrow(
      "tenk.yaml:2: dns.rules.1: expected a rule such as ||ads.example^",
    );
    expect(() => parseConfig(text, "tenk.yaml")).toThrow(why);
  });

  test("status has the counts, and metrics too", async () => {
    await withBox(`dns: { ${LISTEN}, rules: ["||ads.example^"] }\n`, async (box) => {
      await box.ask("ads.example");
      await box.ask("localhost");
      const { queries } = (await box.instance.status()).parts.dns as { queries: Record<string, number> };
      expect(queries).toMatchObject({ total: 2, blocked: 1, special: 1, forwarded: 0 });
    });
  });
});

test("serves, and says so, where the data folder cannot be made", async () => {
  const text = `data: { folder: ./plain/data }\ndns: { ${LISTEN}, hosts: { nas: 192.168.1.5 } }`;
  await withBox(
    text,
    async (box) => {
      expect(await box.ask("nas.home.arpa")).toBe("NOERROR A 192.168.1.5");
      expect(box.log.lines.join("\n")).toContain("block lists not kept for the next start");
    },
    { plain: "a file" },
  );
});
