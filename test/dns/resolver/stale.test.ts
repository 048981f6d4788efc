import { describe, expect, test } from "bun:test";
import { until } from "../../net/support.ts";
import { answer as stored } from "../answers/questions.ts";
import { queryBytes } from "../queries.ts";
import type { Asked } from "../upstream/fake-server.ts";
import { type ReplyFields, replyTo } from "../upstream/replies.ts";
import { openHouse } from "./house.ts";

const answering =
  (fields: ReplyFields) =>
  ({ bytes, reply }: Asked) =>
    reply(replyTo(bytes, fields));
const A = { answer: ["www.example 300 A 192.0.2.1"] };

describe("an answer that expired", () => {
  const HOUR = 3600;
  const OLD = "NOERROR A 192.0.7.7";
  const NEW = "NOERROR A 192.0.2.1";

  /** Puts an answer into the cache that expired so many seconds ago. */
  function putExpired({ cache }: Awaited<ReturnType<typeof openHouse>>, seconds: number): void {
    cache.put(stored("www.example", 300, 0x0707), Math.floor(Date.now() / 1000) - 300 - seconds);
  }

  test("a while ago is given at once; one that expired long ago, not while an upstream answers", async () => {
    await using house = await openHouse(answering(A));
    putExpired(house, HOUR - 60);
    expect([(await house.ask("www.example")).text, house.server.count]).toEqual([OLD, 0]);
    putExpired(house, HOUR);
    expect([(await house.ask("www.example")).text, house.server.count]).toEqual([NEW, 1]);
  });

  test("long ago is given with a short TTL when no upstream has answered in time, which is asked on", async () => {
    const waiting: Asked[] = [];
    await using house = await openHouse((asked) => waiting.push(asked), { staleWaitMs: 50 });
    putExpired(house, HOUR);
    const both = await Promise.all([house.ask("www.example", "A", { udpBytes: 1232 }), house.ask("WWW.example")]);
    expect(both.map(({ text, ttls }) => [text, ttls])).toEqual([
      [OLD, [30]],
      [OLD, [30]],
    ]);
    expect(both[0]!.error).toContain("Stale Answer");
    expect([(await house.ask("www.example")).text, house.resolver.inFlight]).toEqual([OLD, 1]);
    answering(A)(waiting[0]!);
    await until(() => house.resolver.inFlight === 0);
    expect((await house.ask("www.example")).text).toBe(NEW);
    expect(waiting).toHaveLength(1);
  });

  test("long ago is given when upstreams fail, and for as long as that is remembered", async () => {
    await using house = await openHouse(answering({ rcode: 2 }));
    putExpired(house, HOUR);
    expect([(await house.ask("www.example")).text, (await house.ask("www.example")).text]).toEqual([OLD, OLD]);
    expect(house.server.count).toBe(2);
  });

  test("is forgotten when the new one must not be kept", async () => {
    await using house = await openHouse(answering({ answer: ["www.example 0 A 192.0.2.1"] }));
    putExpired(house, 60);
    house.resolver.refresh(queryBytes("www.example"));
    await until(() => house.resolver.inFlight === 0);
    expect([(await house.ask("www.example")).text, house.cache.count]).toEqual([NEW, 0]);
  });

  test("longer ago than it may be given is not", async () => {
    await using house = await openHouse(answering({ rcode: 2 }));
    putExpired(house, 24 * HOUR);
    expect((await house.ask("www.example")).text).toBe("SERVFAIL");
  });
});
