import { afterEach, expect, test } from "bun:test";
import { until } from "../net/support.ts";
import { cleanUp, FarServer } from "../tcp/relay-support.ts";
import { withInstance } from "./reload-support.ts";

afterEach(cleanUp);

const relayTo = (listen: string, target: FarServer) =>
  `{ listen: "${listen}", handler: relay, relay: { targets: ["${target.address}"], health: { check: 10ms } } }`;

/** A target that counts how often it is connected to. */
async function counted(): Promise<{ target: FarServer; seen: () => number }> {
  let count = 0;
  const target = await new FarServer((socket) => {
    count += 1;
    socket.destroy();
  }).open();
  return { target, seen: () => count };
}

test("a failed reload leaves no relay with health checks behind", async () => {
  const [ours, others] = [await counted(), await counted()];
  const taken = await counted();
  await withInstance({}, `tcp: { db: ${relayTo("127.0.0.1:0", ours.target)} }\n`, async (_, reload) => {
    const refused = `tcp: { db: ${relayTo(taken.target.address, others.target)} }\n`;
    expect(await reload(refused)).toContain("in use");
    const more = async (count: number) => {
      const before = ours.seen();
      await until(() => ours.seen() >= before + count);
    };
    await more(3);
    const before = others.seen();
    await more(10);
    expect(others.seen()).toBe(before);
  });
});
