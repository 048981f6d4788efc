import { describe, expect, test } from "bun:test";
import { Upstream, type UpstreamOptions } from "../../../src/dns/upstream/mod.ts";
import { parseName, rcodeName } from "../../../src/wire/dns/mod.ts";
import { type Asked, FakeServer } from "./fake-server.ts";
import { cookieOf, hasEdns, replyTo } from "./replies.ts";

const QUESTION = { name: parseName("www.example")!, type: 1, wantsDnssec: false, checkingDisabled: false };
const RIGHT = { answer: ["www.example 60 A 192.0.2.1"] };
const SERVER_COOKIE = new Uint8Array(16).fill(7);

/** What asking comes to: the code of the answer, or why there is none. */
function ask(upstream: Upstream): Promise<string> {
  return new Promise((resolve) =>
    upstream.ask(QUESTION, (answer, failure) => resolve(failure ?? rcodeName(answer!.message.rcode))),
  );
}

async function opened(answer: (asked: Asked) => void, options: Partial<UpstreamOptions> = {}) {
  const server = await FakeServer.open(answer);
  const upstream = new Upstream({ address: server.address, timeoutMs: 20_000, ...options });
  return {
    server,
    upstream,
    asked: () => server.asked.map(({ transport, bytes }) => `${transport}${hasEdns(bytes) ? "" : " plain"}`),
    async [Symbol.asyncDispose]() {
      upstream.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Only a header, as servers send that cannot read what follows it. */
function bare(bytes: Uint8Array, rcode: number): Uint8Array {
  return Uint8Array.of(bytes[0]!, bytes[1]!, 0x80, rcode, 0, 0, 0, 0, 0, 0, 0, 0);
}

describe("an upstream that refuses EDNS", () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["by FORMERR", (bytes) => replyTo(bytes, { rcode: 1 })],
    ["by FORMERR without the question", (bytes) => bare(bytes, 1)],
    ["by NOTIMP", (bytes) => replyTo(bytes, { rcode: 4 })],
    ["by BADVERS", (bytes) => replyTo(bytes, { rcode: 16 })],
  ])("%s is asked again without it, and from then on only so", async (_, refuse) => {
    await using own = await opened(({ bytes, reply }) => reply(hasEdns(bytes) ? refuse(bytes) : replyTo(bytes, RIGHT)));
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["NOERROR", "NOERROR"]);
    expect(own.asked()).toEqual(["udp", "udp plain", "udp plain"]);
    expect([own.upstream.counts.withoutEdns, own.upstream.isPlain]).toEqual([1, true]);
  });

  test("is asked with it again after a while", async () => {
    await using own = await opened(({ bytes, reply }) => reply(replyTo(bytes, hasEdns(bytes) ? { rcode: 1 } : RIGHT)), {
      plainMs: 0,
    });
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["NOERROR", "NOERROR"]);
    expect(own.asked()).toEqual(["udp", "udp plain", "udp", "udp plain"]);
  });

  test("by TCP too is asked again there", async () => {
    await using own = await opened(() => {});
    own.server.answer(({ bytes, reply }) => reply(replyTo(bytes, hasEdns(bytes) ? { rcode: 1 } : RIGHT)));
    const upstream = new Upstream({ address: `tcp://${own.server.address}`, timeoutMs: 20_000 });
    expect(await ask(upstream)).toBe("NOERROR");
    expect(own.asked()).toEqual(["tcp", "tcp plain"]);
    upstream.stop();
  });

  test("and the question as well is believed, and nothing is remembered", async () => {
    await using own = await opened(({ bytes, reply }) => reply(replyTo(bytes, { rcode: 4 })));
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["NOTIMP", "NOTIMP"]);
    expect(own.asked()).toEqual(["udp", "udp plain", "udp", "udp plain"]);
  });

  test("and then does not repeat the question, as a forger would who guesses the ID, is asked by TCP", async () => {
    await using own = await opened(({ transport, bytes, reply }) =>
      reply(transport === "udp" ? bare(bytes, 1) : replyTo(bytes, RIGHT)),
    );
    expect(await ask(own.upstream)).toBe("NOERROR");
    expect(own.asked()).toEqual(["udp", "udp plain", "tcp plain"]);
  });
});

describe("a cookie", () => {
  const withCookie = ({ bytes, reply }: Asked) =>
    reply(replyTo(bytes, { ...RIGHT, cookie: Uint8Array.of(...cookieOf(bytes).slice(0, 8), ...SERVER_COOKIE) }));

  test("of eight random bytes is sent by UDP, and the upstream's own comes with the next query", async () => {
    await using own = await opened(withCookie);
    await using other = await opened(withCookie);
    for (const { upstream } of [own, own, own, other]) expect(await ask(upstream)).toBe("NOERROR");
    const [first, second, third] = own.server.asked.map(({ bytes }) => [...cookieOf(bytes)]);
    expect(first).toHaveLength(8);
    expect(second).toEqual([...first!, ...SERVER_COOKIE]);
    expect(third).toEqual(second!);
    expect([...cookieOf(other.server.asked[0]!.bytes)]).not.toEqual(first!);
  });

  test("is renewed, without the upstream's", async () => {
    await using own = await opened(withCookie, { cookieMs: 0 });
    await ask(own.upstream);
    await ask(own.upstream);
    const [first, second] = own.server.asked.map(({ bytes }) => [...cookieOf(bytes)]);
    expect(second).toHaveLength(8);
    expect(second).not.toEqual(first!);
  });

  test("of another in an answer makes it ignored", async () => {
    await using own = await opened((asked) => {
      asked.reply(replyTo(asked.bytes, { ...RIGHT, rcode: 3, cookie: new Uint8Array(24) }));
      withCookie(asked);
    });
    expect(await ask(own.upstream)).toBe("NOERROR");
    expect(own.upstream.counts.ignored).toBe(1);
  });

  test("that is missing, though the upstream has given one, makes TCP answer; and if it is missing there, too, it is forgotten", async () => {
    await using own = await opened(withCookie);
    await ask(own.upstream);
    own.server.answer(({ bytes, reply }) => reply(replyTo(bytes, RIGHT)));
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["NOERROR", "NOERROR"]);
    expect(own.asked()).toEqual(["udp", "udp", "tcp", "udp"]);
    expect(cookieOf(own.server.asked[3]!.bytes)).toHaveLength(8);
  });

  test("that the upstream does not know any more (BADCOOKIE) is sent once more with the new one, then by TCP", async () => {
    const answers = [23, 0, 23, 23, 0];
    await using own = await opened(({ bytes, reply }) => {
      const cookie = Uint8Array.of(...cookieOf(bytes).slice(0, 8), ...SERVER_COOKIE.fill(own.server.count));
      const rcode = answers[own.server.count - 1]!;
      reply(replyTo(bytes, { ...(rcode === 0 ? RIGHT : {}), rcode, cookie }));
    });
    expect([await ask(own.upstream), await ask(own.upstream)]).toEqual(["NOERROR", "NOERROR"]);
    expect(own.asked()).toEqual(["udp", "udp", "udp", "udp", "tcp"]);
    expect(cookieOf(own.server.asked[1]!.bytes)[8]).toBe(1);
  });

  test("is not sent by TCP alone", async () => {
    await using own = await opened(withCookie);
    own.server.answer(({ bytes, reply }) => reply(replyTo(bytes, RIGHT)));
    const upstream = new Upstream({ address: `tcp://${own.server.address}`, timeoutMs: 20_000 });
    await ask(upstream);
    expect(cookieOf(own.server.asked[0]!.bytes)).toHaveLength(0);
    upstream.stop();
  });
});
