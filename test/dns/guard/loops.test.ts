import { describe, expect, test } from "bun:test";
import { logOf } from "../../../src/base/mod.ts";
import { Chain, MISS } from "../../../src/dns/chain/mod.ts";
import { guardSettings, LoopWatch, SourceGuard } from "../../../src/dns/guard/mod.ts";
import { parseIp } from "../../../src/wire/mod.ts";
import { until } from "../../net/support.ts";
import { chainParts } from "../chain/parts.ts";
import { queryBytes } from "../queries.ts";
import { openHouse } from "../resolver/house.ts";
import type { Asked } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";

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
  const watch = new LoopWatch(logOf("test"), () => members, { settleMs: 30, againMs: 30 });
  const guard = new SourceGuard(guardSettings({ probeZone: watch.zone }), (notice) => {
    if ("upstream" in notice) watch.seen(notice.upstream);
  });
  const chain = new Chain({ ...parts, guard });
  return { ...house, members, watch, state, loopChain: chain };
}

describe("upstreams that send our queries back", () => {
  test("are found by a name that nobody else asks for, and left alone until they no longer do so", async () => {
    await using house = await openLoop();
    for (const member of house.members) member.probe(house.watch.question(member));
    await until(() => house.members[0]!.isLooped);
    expect(house.members[1]!.isLooped).toBe(false);
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.2");
    const asked = house.servers[0]!.asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase());
    expect(asked.includes("www.example")).toBe(false);

    // Probed again, and still looped.
    const probes = house.servers[0]!.asked.length;
    await until(() => house.servers[0]!.asked.length > probes + 1);
    expect(house.members[0]!.isLooped).toBe(true);
    house.state.loops = false;
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
