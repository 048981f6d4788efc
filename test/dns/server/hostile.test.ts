/** What attackers, and mistakes that look like them, send to a whole name server: lines D02, D08, D09, D11, D13, D14 and L03, L04 of the security tests. */
import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { nameText } from "../../../src/wire/dns/mod.ts";
import { freePort, until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { JIGGLE } from "../../wire/dns/jiggle.ts";
import { told } from "../resolver/house.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, type ReplyFields, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const PUBLIC = "NOERROR A 198.51.100.1";
const BLOCKED = "NOERROR A 0.0.0.0";

function openUpstream(answer: (name: string) => ReplyFields = (name) => ({ answer: [`${name} 300 A 198.51.100.1`] })) {
  return FakeServer.open(({ bytes, reply }) =>
    reply(replyTo(bytes, answer(nameText(questionOf(bytes).name, 0).toLowerCase()))),
  );
}

function withUpstream(
  upstream: string,
  more: string,
  work: (box: Box) => Promise<void>,
  files: Record<string, string> = {},
) {
  const lists = more.includes("blocklists") ? "" : "blocklists: [],";
  return withBox(`dns: { listen: 127.0.0.1:0, tls: off, upstreams: ["${upstream}"], ${lists} ${more} }\n`, work, files);
}

const logged = (box: Box, message: string) => box.log.lines.find(([, text]) => text === message)?.[2];

test("malformed packets are FORMERR, and no upstream sees them (D02)", async () => {
  await using upstream = await openUpstream();
  await withUpstream(upstream.address, "", async (box) => {
    await using client = await Client.open(box.port);
    // A longer datagram is not read at all.
    for (const [what, bytes] of JIGGLE.filter((each) => each[1].length <= 4096)) {
      await client.send(bytes);
      expect([what, told((await client.next()).bytes).text]).toEqual([what, "FORMERR"]);
    }
    expect(upstream.count).toBe(0);
  });
});

describe("a thousand connections (D08)", () => {
  /** @returns how many of them the server has closed */
  async function openMany(port: number, count: number, bytes: Uint8Array) {
    const sockets: Socket[] = [];
    const state = { closed: 0 };
    for (let index = 0; index < count; index++) {
      const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.${2 + (index % 8)}.1` });
      socket.on("error", () => undefined).on("close", () => (state.closed += 1));
      socket.on("connect", () => socket.write(bytes)).resume();
      sockets.push(socket);
    }
    return { state, end: () => sockets.forEach((socket) => void socket.destroy()) };
  }

  test.each([
    ["take no more than their share", "10m", 200],
    ["end", "500ms", 1000],
  ])("that are silent %s; others are answered meanwhile", async (_, idle, closed) => {
    await using upstream = await openUpstream();
    await withUpstream(upstream.address, `limits: { perAddress: 100, idle: ${idle} }`, async (box) => {
      const { state, end } = await openMany(box.port, 1000, Uint8Array.of(0xff, 0xff, 0));
      await until(() => state.closed >= 200);
      expect(await box.askByTcp("www.example")).toBe(PUBLIC);
      expect(await box.ask("www.example")).toBe(PUBLIC);
      await until(() => state.closed >= closed);
      end();
    });
  });
});

describe("private addresses in public answers (D09)", () => {
  test("are not given from the cache either, once their names may not have them any more", async () => {
    await using upstream = await openUpstream((name) => ({ answer: [`${name} 300 A 192.168.1.9`] }));
    const text = (names: string) =>
      `dns: { listen: 127.0.0.1:0, tls: off, upstreams: ["${upstream.address}"], blocklists: [], privateNames: [${names}] }\n`;
    await withBox(text("example.org"), async (box) => {
      expect(await box.ask("nas.example.org")).toBe("NOERROR A 192.168.1.9");
      expect(await box.ask("nas.example.com")).toBe("NOERROR");
      expect(await box.reload(text("example.com"))).toBe("reloaded");
      expect(await box.ask("nas.example.org")).toBe("NOERROR");
      expect(await box.ask("nas.example.com")).toBe("NOERROR A 192.168.1.9");
    });
  });
});

test("reverse lookups of this house, and special names, leave it by no way (D11)", async () => {
  await using upstream = await openUpstream();
  await withUpstream(upstream.address, "", async (box) => {
    for (const name of [
      "9.1.168.192.in-addr.arpa",
      "1.0.0.10.IN-ADDR.arpa",
      "1.0.0.d.f.ip6.arpa",
      "b._dns-sd._udp.0.1.168.192.in-addr.arpa",
    ]) {
      for (const type of ["PTR", "A", "ANY", "TXT"]) {
        await box.ask(name, type);
        await box.askByTcp(name, type);
      }
    }
    for (const name of [
      "wpad.lan",
      "x.onion",
      "a.test",
      "nas.home.arpa",
      "printer.local",
      "x.LOCALHOST",
      "_dns.resolver.arpa",
    ])
      for (const type of ["A", "HTTPS", "SVCB", "NS"]) await box.ask(name, type);
    expect(upstream.asked.map(({ bytes }) => questionOf(bytes).text)).toEqual([]);
  });
});

test("an upstream that forwards to us is found, and others answer (D13)", async () => {
  const port = await freePort();
  // A router that asks us whatever it is asked, with IDs of its own.
  const toUs = createSocket("udp4");
  const back = new Map<number, (bytes: Uint8Array) => void>();
  await using router = await FakeServer.open(({ bytes, reply }) => {
    const query = Buffer.from(bytes);
    const id = back.size;
    back.set(id, (answer) => reply(Uint8Array.from([bytes[0]!, bytes[1]!, ...answer.subarray(2)])));
    query.writeUint16BE(id);
    toUs.send(query, port, "127.0.0.1");
  });
  toUs.on("message", (answer) => back.get(answer.readUint16BE(0))?.(answer));
  await using other = await openUpstream();
  try {
    const upstreams = `upstreamMode: strict, upstreamTimeout: 100ms, upstreams: ["${router.address}", "${other.address}"]`;
    const text = `dns: { listen: "127.0.0.1:${port}", tls: off, blocklists: [], ${upstreams} }\n`;
    await withBox(text, async (box) => {
      expect(await box.ask("a.example")).toBe(PUBLIC);
      expect(await box.ask("b.example")).toBe(PUBLIC);
      await until(() => logged(box, "upstream sends our queries back") !== undefined);
      const before = router.count;
      expect(await box.ask("c.example")).toBe(PUBLIC);
      expect(router.count).toBe(before);
    });
  } finally {
    toUs.close();
  }
});

test("no spelling of a blocked name evades its rule, and none that only looks like it is blocked (D14)", async () => {
  await using upstream = await openUpstream();
  const lines = ["||ads.example^", "exact.example", "||bücher.example^", "_track.example.org"];
  const check = async (box: Box) => {
    for (const name of [
      ...["ADS.example", "aDs.ExAmPlE", "x.ADS.example", "_x._y.ads.example", "\\097ds.example", "\\065DS.example"],
      ...["EXACT.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example", "_TRACK.example.org", "*.ads.example"],
      ...[
        "\\000.ads.example",
        "\\027[2J.ads.example",
        `${"a".repeat(63)}.ads.example`,
        `${"a.".repeat(110)}ads.example`,
      ],
    ])
      expect([name, await box.ask(name), await box.askByTcp(name)]).toEqual([name, BLOCKED, BLOCKED]);
    for (const name of [
      "ads\\.example",
      "xads.example",
      "ads.example.com",
      "ads\\000.example",
      "x.exact.example",
      "track.example.org",
    ])
      expect([name, await box.ask(name)]).toEqual([name, expect.not.stringContaining("0.0.0.0")]);
  };
  await withUpstream(upstream.address, "blocklists: [./ads.txt]", check, { "ads.txt": lines.join("\n") });
});

test("names of clients and lines of lists are data in the log, its answers and metrics (L03)", async () => {
  await using upstream = await openUpstream();
  const name = '\\027[2J\\010\\<script\\>alert\\(1\\)\\</script\\>\\"\\}.evil.example';
  const rule = '/^.*[<"}]*evil.example$/';
  const list = [
    rule,
    "||x.example^$dnsrewrite=192.0.2.66",
    "x: y\n- z",
    "</script><img src=x onerror=alert(1)>",
    "\x1b[31mred.example",
  ];
  const check = async (box: Box) => {
    expect(await box.ask(name)).toBe(BLOCKED);
    expect(await box.ask("x.example")).toBe(PUBLIC);
    const get = async (path: string) => {
      const answer = await fetch(`${box.instance.statusUrl}${path}`);
      return { type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const metrics = await get("metrics");
    expect(metrics.text).not.toMatch(/evil|<.?script|onerror/);
    const log = await get("api/dns/log");
    expect(log.type).toStartWith("application/json");
    expect(log.text).toContain("evil.example");
    expect(log.text.trim()).not.toMatch(/\p{Cc}/u);
    const why = await get(`api/dns/why?name=${encodeURIComponent(name)}`);
    expect(why.type).toStartWith("application/json");
    expect(why.text.trim()).not.toMatch(/\p{Cc}/u);
    expect(JSON.stringify(box.log.lines)).not.toMatch(/<.?script|\\u001b|onerror/);
  };
  await withUpstream(upstream.address, "blocklists: [./ads.txt]", check, { "ads.txt": list.join("\n") });
});

test.each(["./../outside.txt", "./lists/../../outside.txt", "./../../../../../../../../etc/hosts", "./lists"])(
  "a list that is %s is not read: it is outside of the folder, or no file (L04)",
  async (path) => {
    await using upstream = await openUpstream();
    const text = `blocklists: ["${path}", ./lists/in.txt]`;
    const check = async (box: Box) => {
      expect(await box.ask("in.example")).toBe(BLOCKED);
      expect(await box.ask("outside.example")).toBe(PUBLIC);
      expect(logged(box, "block list not read")).toMatchObject({ list: path });
    };
    await withUpstream(upstream.address, text, check, {
      "lists/in.txt": "in.example\n",
      "../outside.txt": "outside.example\n",
    });
  },
);
