import { describe, expect, test } from "bun:test";
import { readEntry } from "../../../src/dns/log/entry.ts";
import { logResolved } from "../../../src/dns/log/log-resolved.ts";
import { LogRing, LogVerdict, Transport } from "../../../src/dns/log/mod.ts";
import { queryBytes } from "../queries.ts";
import { openHouse } from "../resolver/house.ts";
import type { Asked } from "../upstream/fake-server.ts";
import { replyTo } from "../upstream/replies.ts";

const IP = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 7);
const NOW_MS = 1_800_000_000_000;

const silent = () => {};
const answering = ({ bytes, reply }: Asked) => reply(replyTo(bytes, { answer: ["www.example 300 A 192.0.2.1"] }));

/** Resolves a query, and returns what the log has of it. */
async function resolved(house: Awaited<ReturnType<typeof openHouse>>, name: string, latencyMs = 1.5) {
  const log = new LogRing(LogRing.make(4096));
  await new Promise<void>((resolve) => {
    house.resolver.ask(queryBytes(name, "A"), true, (answer, _, verdict, upstream) => {
      logResolved(log, { answer, verdict, upstream, transport: Transport.tls, ip: IP, latencyMs, nowMs: NOW_MS });
      resolve();
    });
  });
  return readEntry(log, log.next(), 0);
}

describe("a query that was resolved is in the log", () => {
  test("with the upstream that answered, and how long it took", async () => {
    await using house = await openHouse([silent, answering], { mode: "parallel-best" });
    expect(await resolved(house, "WWW.example")).toMatchObject({
      ...{ name: "www.example", type: 1, rcode: 0, verdict: LogVerdict.forwarded, upstream: 1, latencyUs: 1500 },
      ...{ client: "192.168.1.7", transport: Transport.tls, timeMs: NOW_MS },
    });
  });

  test("as cached, when the answer came while it was on its way", async () => {
    await using house = await openHouse(answering);
    await resolved(house, "www.example");
    expect(await resolved(house, "www.example")).toMatchObject({ verdict: LogVerdict.cached, upstream: undefined });
  });

  test("as failed, when no upstream answered", async () => {
    await using house = await openHouse(({ bytes, reply }) => reply(replyTo(bytes, { rcode: 2 })));
    for (const latencyMs of [0, 1e9]) {
      const entry = await resolved(house, "www.example", latencyMs);
      expect(entry).toMatchObject({ verdict: LogVerdict.failed, rcode: 2, upstream: undefined });
      expect(entry.latencyUs).toBeGreaterThan(0);
    }
  });
});
