import { describe, expect, test } from "bun:test";
import { Chain, MISS } from "../../../src/dns/chain/mod.ts";
import { guardSettings, isOwnListener, LoopWatch, SourceGuard } from "../../../src/dns/guard/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";
import { until } from "../../net/support.ts";
import { chainParts } from "../chain/parts.ts";
import { queryBytes } from "../queries.ts";
import { openHouse } from "../resolver/house.ts";
import type { Asked } from "../upstream/fake-server.ts";
import { replyTo } from "../upstream/replies.ts";

describe("an upstream is one of our own listeners", () => {
  const ADDRESSES = ["192.168.1.7", "2001:db8::7"].map((text) => parseIp(text)!);
  test.each([
    ["127.0.0.1 53", ":: 53", true],
    ["127.0.0.53 53", ":: 53", true],
    ["::1 53", ":: 53", true],
    ["0.0.0.0 53", ":: 53", true],
    ["192.168.1.7 53", ":: 53", true],
    ["2001:db8::7 53", "0.0.0.0 53, :: 53", true],
    ["192.168.1.1 53", ":: 53", false],
    ["192.168.1.7 5353", ":: 53", false],
    ["192.168.1.7 53", "127.0.0.1 53", false],
    ["127.0.0.1 53", "127.0.0.1 53", true],
    ["127.0.0.1 853", ":: 53, :: 853", true],
  ] as const)("%s, where we listen on %s: %p", (upstream, listeners, expected) => {
    const own = listeners.split(", ").map(endpoint);
    expect(isOwnListener(endpoint(upstream), own, ADDRESSES)).toBe(expected);
  });

  function endpoint(text: string) {
    const [host, port] = text.split(" ");
    return { host: host!, port: Number(port) };
  }
});

/** A chain here, and upstreams of which the first sends what it is asked back to that chain, while `loops` is true. */
async function openLoop() {
  const state = { loops: true };
  const parts = chainParts();
  const out = new Uint8Array(1232);
  const house = await openHouse([
    ({ bytes, reply }: Asked) => {
      if (!state.loops) return reply(replyTo(bytes, { answer: ["www.example 300 A 192.0.2.1"] }));
      const length = chain.answer(bytes, 0, bytes.length, out, 0, out.length, {
        ...{ ip: parseIp("::ffff:192.168.1.1")!, isDatagram: true, nowMs: Date.now() },
      });
      if (length !== MISS) reply(out.slice(0, length));
    },
    ({ bytes, reply }: Asked) => reply(replyTo(bytes, { answer: ["www.example 300 A 192.0.2.2"] })),
  ]);
  const members = house.resolver.upstreams.members;
  const watch = new LoopWatch(() => members, { settleMs: 30, everyMs: 3_600_000 });
  const guard = new SourceGuard(guardSettings({ probeZone: watch.zone }), (notice) => {
    if ("upstream" in notice) watch.seen(notice.upstream);
  });
  const chain = new Chain({ ...parts, guard });
  return { ...house, members, watch, state, loopChain: chain };
}

describe("upstreams that send our queries back", () => {
  test("are found by a name that nobody else asks for, and left alone until they no longer do so", async () => {
    await using house = await openLoop();
    house.watch.start();
    await until(() => house.members[0]!.isLooped);
    expect(house.members[1]!.isLooped).toBe(false);
    const before = house.servers[0]!.asked.length;
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.2");
    expect(house.servers[0]!.asked.length).toBe(before);

    house.state.loops = false;
    house.watch.start();
    await until(() => !house.members[0]!.isLooped);
    house.watch.stop();
  });

  test("are not found by a query that somebody guesses", async () => {
    await using house = await openLoop();
    const query = queryBytes("00.0123456789abcdef.test");
    const asker = { ip: parseIp("::ffff:192.168.1.9")!, isDatagram: true, nowMs: Date.now() };
    house.loopChain.answer(query, 0, query.length, new Uint8Array(512), 0, 512, asker);
    expect(house.members.some(({ isLooped }) => isLooped)).toBe(false);
  });

  test("when all do so, clients get SERVFAIL at once", async () => {
    await using house = await openHouse(() => undefined);
    house.resolver.upstreams.members[0]!.isLooped = true;
    expect((await house.ask("www.example")).text).toBe("SERVFAIL");
    expect(house.server.asked).toHaveLength(0);
  });
});
