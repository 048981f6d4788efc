import { describe, expect, test } from "bun:test";
import { planTcp, runLoad, type TcpPlan, tcp } from "../../src/load/mod.ts";
import { prepareLoadWorkers } from "../../src/load/workers/load-workers.ts";
import { PING, type Target, target } from "./servers.ts";

/** A plan that is whole when it is copied to the first worker, and lacks `field` in the copy of the second. */
function spoiltFor(sink: Target, field: "sourceAddresses" | "messages"): TcpPlan {
  const plan = planTcp({
    port: sink.server.port,
    connections: 4,
    connectRate: 2,
    ratePerConnection: 10,
    durationMs: 60_000,
    messages: PING,
    workers: 2,
    statsUrl: false,
  });
  let copies = 0;
  return Object.defineProperty({ ...plan }, field, {
    enumerable: true,
    get: () => {
      copies += 1;
      return copies === 1 ? plan[field] : null;
    },
  });
}

async function allGone(sink: Target): Promise<void> {
  while (sink.connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a load worker that fails", () => {
  test("during the run fails it, and the others end with it", async () => {
    let opened = 0;
    await using sink = await target(undefined, {
      open: () => {
        opened += 1;
      },
    });
    // The first worker dials at 0 ms; the second at 500 ms, which is when it fails.
    await expect(runLoad(tcp, spoiltFor(sink, "sourceAddresses"))).rejects.toMatchObject({
      code: "worker-failed",
      message: expect.stringMatching(/A load worker failed: /),
    });
    expect(opened).toBeGreaterThan(0);
    await allGone(sink);
  });

  test("while it is prepared fails the start", async () => {
    await using sink = await target();
    await expect(prepareLoadWorkers(tcp, spoiltFor(sink, "messages"))).rejects.toThrow(/A load worker failed: /);
  });

  test("after nobody listens any more does no harm; one that is closed by us does not fail", async () => {
    await using sink = await target();
    const workers = await prepareLoadWorkers(tcp, spoiltFor(sink, "sourceAddresses"));
    workers.close();
    workers.close();
    const ended = await Promise.race([workers.done, new Promise((resolve) => setTimeout(() => resolve("still"), 100))]);
    expect(ended).toBe("still");
  });
});

test("a loop on this thread can be ended at once", async () => {
  await using sink = await target();
  const plan = planTcp({
    port: sink.server.port,
    connections: 3,
    durationMs: 60_000,
    statsUrl: false,
    connectRate: 1e6,
  });
  const workers = await prepareLoadWorkers(tcp, plan);
  workers.start();
  await workers.rampedUp;
  workers.close();
  workers.close();
  expect(await workers.done).toBeNull();
  await allGone(sink);
});
