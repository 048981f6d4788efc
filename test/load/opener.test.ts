import { expect, test } from "bun:test";
import { ConnectionTable } from "../../src/load/loop/connection-table.ts";
import { Opener } from "../../src/load/loop/opener.ts";
import { slicesOf } from "../../src/load/loop/slice.ts";
import { LatencyRecorder } from "../../src/load/measure/latency-recorder.ts";
import { Tally } from "../../src/load/measure/tally.ts";
import { planTcp, tcp } from "../../src/load/mod.ts";

test("a retry that waits does not slow down the connects that do not", async () => {
  const plan = planTcp({ path: "/nowhere/tenk.sock", connections: 3, connectRate: 500, reconnect: true });
  const slice = slicesOf(plan)[0]!;
  const protocol = tcp.onLoop(plan, slice);
  const nothing = () => {};
  const events = {
    open: nothing,
    chunk: nothing,
    came: nothing,
    close: nothing,
    began: nothing,
    answered: () => -1,
    failed: nothing,
    returned: () => false,
    leaving: nothing,
    broken: nothing,
    took: nothing,
  };
  const transport = protocol.openTransport(events);
  const tally = new Tally();
  const table = new ConnectionTable(3, protocol);
  let now = 0;
  const opener = new Opener(
    plan,
    slice,
    table,
    tally,
    new LatencyRecorder(),
    transport,
    () => {},
    () => now,
  );
  opener.tick(0, 0);
  expect(opener.waitMs(0)).toBe(2);
  while (tally.failed === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(opener.waitMs(0)).toBe(2);
  now = 4;
  opener.tick(4, 10);
  expect(opener.waitMs(4)).toBe(10);
  opener.stop();
});
