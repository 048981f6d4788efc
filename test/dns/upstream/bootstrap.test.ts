import { describe, expect, test } from "bun:test";
import { Bootstrap, type BootstrapOptions } from "../../../src/dns/upstream/mod.ts";
import { until } from "../../net/support.ts";
import { type Asked, FakeServer } from "./fake-server.ts";
import { questionOf, replyTo } from "./replies.ts";

const TYPE_A = 1;

/** A server that knows one host, by these addresses. */
const knowing =
  (ipv4: readonly string[], ipv6: readonly string[] = [], ttl = 300) =>
  ({ bytes, reply }: Asked) => {
    const { type } = questionOf(bytes);
    const records = type === TYPE_A ? ipv4.map((ip) => `A ${ip}`) : ipv6.map((ip) => `AAAA ${ip}`);
    reply(replyTo(bytes, { answer: records.map((record) => `dns.example ${ttl} ${record}`) }));
  };

async function opened(answers: readonly ((asked: Asked) => void)[], options: Partial<BootstrapOptions> = {}) {
  const servers = await Promise.all(answers.map((answer) => FakeServer.open(answer)));
  let nowMs = 1_000_000;
  const addresses = servers.map(({ address }) => address);
  const bootstrap = new Bootstrap({ servers: addresses, timeoutMs: 20_000, now: () => nowMs, ...options });
  return {
    servers,
    bootstrap,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    lookup: () => bootstrap.lookup("dns.example").catch((error: Error) => error.message),
    async [Symbol.asyncDispose]() {
      bootstrap.stop();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

describe("the address of an upstream that is named", () => {
  test("is asked of the bootstrap server, IPv4 and IPv6, once for all who ask meanwhile", async () => {
    await using own = await opened([knowing(["192.0.2.1", "192.0.2.2"], ["2001:db8::1"])]);
    const both = await Promise.all([own.lookup(), own.lookup()]);
    const all = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
    expect(both).toEqual([all, all]);
    expect(own.servers[0]!.count).toBe(2);
  });

  test("is kept for its TTL, but a minute at least, then given again and asked for anew", async () => {
    await using own = await opened([knowing(["192.0.2.1"], [], 1)]);
    await own.lookup();
    own.servers[0]!.answer(knowing(["192.0.2.9"]));
    own.pass(59);
    expect([await own.lookup(), own.bootstrap.counts.lookups]).toEqual([["192.0.2.1"], 1]);
    own.pass(1);
    expect([await own.lookup(), own.bootstrap.counts.lookups]).toEqual([["192.0.2.1"], 2]);
    await until(() => own.servers[0]!.count === 4);
    while (String(await own.lookup()) !== "192.0.2.9");
    own.pass(299);
    expect([await own.lookup(), own.servers[0]!.count]).toEqual([["192.0.2.9"], 4]);
  });

  test.each<[string, (asked: Asked) => void]>([
    ["does not answer", () => {}],
    ["does not know it any more", ({ bytes, reply }) => reply(replyTo(bytes, { rcode: 3 }))],
    ["fails", ({ bytes, reply }) => reply(replyTo(bytes, { rcode: 2 }))],
  ])("stays the last known when the server %s", async (_, spoil) => {
    await using own = await opened([knowing(["192.0.2.1"])], { timeoutMs: 50 });
    await own.lookup();
    own.servers[0]!.answer(spoil);
    own.pass(300);
    expect(await own.lookup()).toEqual(["192.0.2.1"]);
    await until(() => own.bootstrap.counts.failed === 1);
    expect(await own.lookup()).toEqual(["192.0.2.1"]);
  });

  test("is asked of the next server when the first does not know it", async () => {
    await using own = await opened([({ bytes, reply }) => reply(replyTo(bytes, { rcode: 2 })), knowing(["192.0.2.1"])]);
    expect(await own.lookup()).toEqual(["192.0.2.1"]);
  });

  test("is an error where nobody knows it, and asked for again the next time", async () => {
    await using own = await opened([({ bytes, reply }) => reply(replyTo(bytes, { rcode: 3 }))]);
    expect(await own.lookup()).toContain("Cannot find dns.example");
    own.servers[0]!.answer(knowing(["192.0.2.1"]));
    expect(await own.lookup()).toEqual(["192.0.2.1"]);
  });

  test("is found behind a CNAME, and an address of another name is not taken", async () => {
    const answer = ["dns.example 300 CNAME a.other", "a.other 300 A 192.0.2.2", "evil.example 300 A 192.0.2.66"];
    await using own = await opened([
      ({ bytes, reply }) => reply(replyTo(bytes, questionOf(bytes).type === TYPE_A ? { answer } : {})),
    ]);
    expect(await own.lookup()).toEqual(["192.0.2.2"]);
  });

  test("is not asked of a server that is named itself", () => {
    expect(() => new Bootstrap({ servers: ["tls://dns.example"] })).toThrow("nothing resolves its name");
  });
});
