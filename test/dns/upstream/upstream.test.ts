import { describe, expect, test } from "bun:test";
import { parseUpstream, Upstream, type UpstreamOptions, upstreamText } from "../../../src/dns/upstream/mod.ts";
import { parseName, Query, QueryVerdict, readQuery } from "../../../src/wire/dns/mod.ts";
import { type Asked, FakeServer } from "./fake-server.ts";
import { questionOf, replyTo } from "./replies.ts";

const QUESTION = {
  name: parseName("www.a-longer-name-with-letters.example")!,
  type: 1,
  wantsDnssec: false,
  checkingDisabled: false,
};
const RIGHT = { answer: ["www.a-longer-name-with-letters.example 60 A 192.0.2.1"] };

/** What asking comes to: `answer`, or why there is none. */
function ask(upstream: Upstream, question = QUESTION): Promise<string> {
  return new Promise((resolve) =>
    upstream.ask(question, (answer, failure) => resolve(failure ?? `answer of ${answer!.message.count(1)}`)),
  );
}

async function opened(answer: (asked: Asked) => void, options: Partial<UpstreamOptions> = {}) {
  const server = await FakeServer.open(answer);
  const upstream = new Upstream({ address: server.address, timeoutMs: 20_000, ...options });
  return {
    server,
    upstream,
    async [Symbol.asyncDispose]() {
      upstream.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

function changed(bytes: Uint8Array, at: number, by: (byte: number) => number): Uint8Array {
  const other = bytes.slice();
  other[at] = by(other[at]!);
  return other;
}

const wrongId = (bytes: Uint8Array) => changed(bytes, 1, (byte) => byte ^ 1);

describe("the address of an upstream", () => {
  test.each([
    ["9.9.9.9", "udp://9.9.9.9:53"],
    ["127.0.0.1:5353", "udp://127.0.0.1:5353"],
    ["2620:FE::fe", "udp://[2620:fe::fe]:53"],
    ["tcp://[2620:fe::fe]:54", "tcp://[2620:fe::fe]:54"],
    ["tls://9.9.9.9", "tls://9.9.9.9:853"],
    ["tls://9.9.9.9#dns.quad9.net", "tls://9.9.9.9:853#dns.quad9.net"],
    ["tls://DNS.Quad9.net.", "tls://dns.quad9.net:853"],
    ["https://dns.quad9.net", "https://dns.quad9.net:443/dns-query"],
    ["https://9.9.9.9:8443/other?for=me#dns.quad9.net", "https://9.9.9.9:8443/other?for=me#dns.quad9.net"],
    ["https://[2620:fe::fe]/dns-query", "https://[2620:fe::fe]:443/dns-query"],
  ])("%s is %s", (text, expected) => {
    expect(upstreamText(parseUpstream(text))).toBe(expected);
  });

  test.each([
    ["dns.quad9.net", "must name an address"],
    ["9.9.9.9:0", "port from 1 to 65535"],
    ["9.9.9.9:70000", "port from 1 to 65535"],
    ["9.9.9.9#a", "tls:// and https:// only"],
    ["tls://9.9.9.9/path", "path with https:// only"],
    ["https://user@dns.example/", "must name an address or a host"],
    ["https://1.2.3/", "must name an address or a host"],
    ["http://9.9.9.9/dns-query", "must be an address"],
    ["[9.9.9.9", "must be an address"],
    ["", "must name an address"],
    ["https://dns.example/a b", "must be an address"],
  ])("%p is refused", (text, expected) => {
    expect(() => parseUpstream(text)).toThrow(expected);
  });

  test("a name that nothing resolves is refused", () => {
    expect(() => new Upstream({ address: "tls://dns.example" })).toThrow("nothing resolves its name");
  });
});

describe("a query by UDP", () => {
  test("each has a port, an ID and a spelling of its own", async () => {
    await using own = await opened(({ bytes, reply }) => reply(replyTo(bytes, RIGHT)));
    for (let count = 0; count < 8; count++) expect(await ask(own.upstream)).toBe("answer of 1");
    const { asked } = own.server;
    const different = (of: (asked: Asked) => unknown) => new Set(asked.map(of)).size;
    expect(different(({ port }) => port)).toBe(8);
    expect(different(({ bytes }) => bytes.readUInt16BE(0))).toBe(8);
    expect(different(({ bytes }) => questionOf(bytes).text)).toBe(8);
    expect(new Set(asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase())).size).toBe(1);
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
  ])("says what its client said: DO %p, CD %p", async (wantsDnssec, checkingDisabled) => {
    await using own = await opened(({ bytes, reply }) => reply(replyTo(bytes, RIGHT)));
    await ask(own.upstream, { ...QUESTION, wantsDnssec, checkingDisabled });
    const query = new Query();
    const { bytes } = own.server.asked[0]!;
    expect(readQuery(query, bytes, 0, bytes.length)).toBe(QueryVerdict.ok);
    expect([query.wantsDnssec, query.checkingDisabled, query.udpBytes]).toEqual([wantsDnssec, checkingDisabled, 1232]);
    expect(query.wantsRecursion).toBe(true);
  });

  test.each<[string, (asked: Asked) => void]>([
    ["with another ID", ({ bytes, reply }) => reply(wrongId(replyTo(bytes, RIGHT)))],
    ["from another port", ({ bytes, replyFromElsewhere }) => replyFromElsewhere(replyTo(bytes, RIGHT))],
    ["that is a query", ({ bytes, reply }) => reply(bytes)],
    ["that is too short", ({ reply }) => reply(Uint8Array.of(1, 2, 3))],
    ["that is empty", ({ reply }) => reply(new Uint8Array(0))],
  ])("a datagram %s is ignored and counted, and the answer behind it taken", async (_, forge) => {
    await using own = await opened((asked) => {
      forge(asked);
      forge(asked);
      // From another port, so from another socket: its datagrams were sent before, and come before on one machine.
      asked.reply(replyTo(asked.bytes, RIGHT));
    });
    expect(await ask(own.upstream)).toBe("answer of 1");
    expect(own.upstream.counts).toMatchObject({ answers: 1, ignored: 2, byTcp: 0 });
  });

  test("after five datagrams that are not the answer it is asked by TCP", async () => {
    await using own = await opened(
      ({ transport, bytes, reply }) => {
        const answer = replyTo(bytes, RIGHT);
        if (transport === "udp") for (let count = 0; count < 5; count++) reply(wrongId(answer));
        else reply(answer);
      },
      { timeoutMs: 120_000 },
    );
    expect(await ask(own.upstream)).toBe("answer of 1");
    expect(own.upstream.counts).toMatchObject({ ignored: 5, byTcp: 1 });
  });

  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    [
      "in another case",
      (bytes) =>
        replyTo(
          changed(bytes, 13, (byte) => byte ^ 0x20),
          RIGHT,
        ),
    ],
    [
      "to another name",
      (bytes) =>
        replyTo(
          changed(bytes, 13, () => 0x7a),
          RIGHT,
        ),
    ],
    ["to another type", (bytes) => changed(replyTo(bytes), replyTo(bytes).length - 3, () => 28)],
    ["that is truncated", (bytes) => replyTo(bytes, { flags: 0x0200 })],
    ["that cannot be read", (bytes) => Buffer.concat([replyTo(bytes, RIGHT), Buffer.from("tail")])],
    ["that lies about its counts", (bytes) => changed(replyTo(bytes, RIGHT), 7, () => 9)],
  ])("an answer %s is asked for by TCP", async (_, spoil) => {
    await using own = await opened(({ transport, bytes, reply }) =>
      reply(transport === "udp" ? spoil(bytes) : replyTo(bytes, RIGHT)),
    );
    expect(await ask(own.upstream)).toBe("answer of 1");
    expect(own.server.asked.map(({ transport }) => transport)).toEqual(["udp", "tcp"]);
  });

  test("an answer that comes twice is taken once", async () => {
    await using own = await opened(({ bytes, reply }) => {
      reply(replyTo(bytes, RIGHT));
      reply(replyTo(bytes, RIGHT));
    });
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["answer of 1", "answer of 1"]);
    expect(own.upstream.counts).toMatchObject({ answers: 2, ignored: 0 });
  });

  test("no answer is a timeout, and its socket is let go of", async () => {
    await using own = await opened(() => {}, { timeoutMs: 30 });
    expect(await ask(own.upstream)).toBe("timeout");
    expect(own.upstream.inFlight).toBe(0);
  });

  test("more than may be in flight fail at once", async () => {
    await using own = await opened(() => {}, { maxInFlight: 1 });
    const first = ask(own.upstream);
    expect(await ask(own.upstream)).toBe("busy");
    own.upstream.stop();
    expect([await first, await ask(own.upstream)]).toEqual(["stopped", "stopped"]);
  });
});

describe("queries by TCP", () => {
  test("share one connection, and answers may come in any order", async () => {
    const waiting: Asked[] = [];
    await using own = await opened((asked) => {
      waiting.push(asked);
      if (waiting.length < 20) return;
      for (const { bytes, reply } of waiting.reverse()) reply(replyTo(bytes, RIGHT));
    });
    const upstream = new Upstream({ address: `tcp://${own.server.address}` });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(upstream)));
    expect(new Set(outcomes)).toEqual(new Set(["answer of 1"]));
    expect(own.server.connections).toBe(1);
    expect(new Set(own.server.asked.map(({ bytes }) => bytes.readUInt16BE(0))).size).toBe(20);
    upstream.stop();
  });

  test("a connection that the server closed while it was idle is opened again", async () => {
    await using own = await opened(({ bytes, reply, socket }) => {
      if (own.server.count === 2) socket!.destroy();
      else reply(replyTo(bytes, RIGHT));
    });
    const upstream = new Upstream({ address: `tcp://${own.server.address}` });
    expect([await ask(upstream), await ask(upstream)]).toEqual(["answer of 1", "answer of 1"]);
    expect([own.server.count, own.server.connections]).toEqual([3, 2]);
    upstream.stop();
  });

  test("a connection on which nothing comes any more is given up", async () => {
    let silent = 0;
    await using own = await opened(({ bytes, reply }) => {
      if (own.server.connections > silent) reply(replyTo(bytes, RIGHT));
    });
    const upstream = new Upstream({ address: `tcp://${own.server.address}`, timeoutMs: 300 });
    // More than once on a machine that is slow.
    while ((await ask(upstream)) !== "answer of 1");
    silent = own.server.connections;
    while ((await ask(upstream)) !== "answer of 1");
    expect(own.server.connections).toBeGreaterThan(silent);
    upstream.stop();
  });

  test("a connection on which other answers come stays", async () => {
    await using own = await opened(({ bytes, reply }) => {
      if (own.server.count !== 2) reply(replyTo(bytes, RIGHT));
    });
    const upstream = new Upstream({ address: `tcp://${own.server.address}`, timeoutMs: 2000 });
    await ask(upstream);
    const unanswered = ask(upstream);
    expect([await ask(upstream), await unanswered, await ask(upstream)]).toEqual([
      "answer of 1",
      "timeout",
      "answer of 1",
    ]);
    expect(own.server.connections).toBe(1);
    upstream.stop();
  });

  test.each<[string, (asked: Asked) => void, string]>([
    ["that is never given", () => {}, "timeout"],
    ["before which the connection closes", ({ socket }) => socket!.destroy(), "closed"],
    ["to another question", ({ bytes, reply }) => reply(changed(replyTo(bytes), 13, () => 0x7a)), "mismatch"],
    ["that is truncated again", ({ bytes, reply }) => reply(replyTo(bytes, { flags: 0x0200 })), "malformed"],
    ["that cannot be read", ({ bytes, reply }) => reply(changed(replyTo(bytes, RIGHT), 7, () => 9)), "malformed"],
  ])("an answer %s fails", async (_, answer, expected) => {
    await using own = await opened(answer);
    const upstream = new Upstream({
      address: `tcp://${own.server.address}`,
      timeoutMs: expected === "timeout" ? 100 : 20_000,
    });
    expect(await ask(upstream)).toBe(expected);
    expect(upstream.inFlight).toBe(0);
    upstream.stop();
  });

  test("nobody there is unreachable", async () => {
    const server = await FakeServer.open(() => {});
    const upstream = new Upstream({ address: `tcp://${server.address}` });
    await server[Symbol.asyncDispose]();
    expect(await ask(upstream)).toBe("unreachable");
  });
});
