import { describe, expect, test } from "bun:test";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { openHouse } from "./house.ts";

/** Answers every question with an address of the network that tells who answered. */
const from =
  (network: string) =>
  ({ bytes, reply }: Asked) => {
    const { text, type } = questionOf(bytes);
    reply(replyTo(bytes, type === 1 ? { answer: [`${text} 300 A ${network}.1`] } : {}));
  };
const PUBLIC = "NOERROR A 192.0.2.1";

/** A resolver whose public upstream answers 192.0.2.1, and each zone's own 192.168.n.1. */
async function withZones(zones: readonly string[]) {
  const servers = await Promise.all(zones.map((_, index) => FakeServer.open(from(`192.168.${index}`))));
  const house = await openHouse(from("192.0.2"), {
    zones: zones.map((zone, index) => ({
      name: parseName(zone)!,
      upstreams: [{ address: servers[index]!.address, timeoutMs: 20_000 }],
    })),
  });
  return {
    ...house,
    zoneServers: servers,
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

const own = (index: number) => `NOERROR A 192.168.${index}.1`;

describe("zones with upstreams of their own:", () => {
  test.each([
    ["nas.lan", "A", own(0)],
    ["LAN", "A", own(0)],
    ["a.b.c.Lan", "A", own(0)],
    ["lan.example", "A", PUBLIC],
    ["xlan", "A", own(3)],
    ["host.corp.example", "A", own(1)],
    ["host.deep.corp.example", "A", own(2)],
    ["example", "A", own(3)],
    ["example", "NS", "NOERROR"],
    ["www.example", "A", PUBLIC],
  ])("the longest one that has the name is asked: %s %s is %s", async (name, type, expected) => {
    await using house = await withZones(["lan", "corp.example", "deep.corp.example", "."]);
    expect((await house.ask(name, type)).text).toBe(expected);
  });

  test.each([
    [".", "NS"],
    ["com", "DS"],
    ["com", "NS"],
    ["com", "SOA"],
  ])("%s %s is asked of the upstreams for all (AdGuardHome#7058)", async (name, type) => {
    await using house = await withZones(["lan", "example", "."]);
    await house.ask(name, type);
    expect([house.server.count, ...house.zoneServers.map(({ count }) => count)]).toEqual([1, 0, 0, 0]);
  });

  test("names without a dot are asked of the upstreams for all, where no zone is for them", async () => {
    await using house = await withZones(["lan"]);
    expect((await house.ask("nas")).text).toBe(PUBLIC);
  });

  test("what a zone's upstream does not answer is asked of nobody else", async () => {
    await using house = await withZones(["lan"]);
    house.zoneServers[0]!.answer(({ bytes, reply }) => reply(replyTo(bytes, { rcode: 2 })));
    expect((await house.ask("nas.lan")).text).toBe("SERVFAIL");
    expect(house.server.count).toBe(0);
  });

  test("their answers may have private addresses, also behind a CNAME; those of others may not", async () => {
    await using house = await withZones(["lan"]);
    const answer = (name: string) => [`${name} 300 CNAME in.example`, "in.example 300 A 10.0.0.1"];
    house.zoneServers[0]!.answer(({ bytes, reply }) => reply(replyTo(bytes, { answer: answer("nas.lan") })));
    house.server.answer(({ bytes, reply }) => reply(replyTo(bytes, { answer: answer("www.example") })));
    expect((await house.ask("nas.lan")).text).toBe("NOERROR CNAME in.example. A 10.0.0.1");
    expect((await house.ask("www.example")).text).toBe("NOERROR CNAME in.example.");
  });

  test("a parent that does not exist is not the end of its zone", async () => {
    await using house = await withZones(["corp.example"]);
    const authority = ["example 900 SOA ns.example. hostmaster.example. 1 2 3 4 60"];
    house.server.answer(({ bytes, reply }) => reply(replyTo(bytes, { rcode: 3, authority })));
    expect((await house.ask("example")).text).toBe("NXDOMAIN");
    expect((await house.ask("host.corp.example")).text).toBe(own(0));
  });

  test("an upstream of several zones is one, with one health", async () => {
    await using server = await FakeServer.open(() => {});
    const upstreams = [{ address: server.address, timeoutMs: 30 }];
    const zones = ["lan", "168.192.in-addr.arpa"].map((zone) => ({ name: parseName(zone)!, upstreams }));
    await using house = await openHouse(from("192.0.2"), { zones });
    expect(house.resolver.members.map(({ name }) => name)).toEqual([
      `udp://${house.server.address}`,
      `udp://${server.address}`,
    ]);
    await Promise.all([house.ask("nas.lan"), house.ask("1.1.168.192.in-addr.arpa", "PTR")]);
    const { upstream, isDown } = house.resolver.members[1]!;
    expect([upstream.counts.queries, isDown]).toEqual([4, true]);
  });

  test("a router that asks us all it does not know is still asked about its own zone", async () => {
    await using house = await withZones(["lan"]);
    for (const member of house.resolver.members) member.isLooped = true;
    expect((await house.ask("nas.lan")).text).toBe(own(0));
    expect((await house.ask("www.example")).text).toBe("SERVFAIL");
  });
});
