import { expect, test } from "bun:test";
import { until } from "../net/support.ts";
import { MACHINE_PROGRAMS } from "./booted-machine.ts";
import { ServedMachine } from "./served-machine.ts";
import { isWanted } from "./wanted.ts";

const HELD = 5000;

/** Has the service replaced by another process of itself. */
async function upgrade(served: ServedMachine): Promise<void> {
  const before = served.mainPid;
  served.machine.run(`kill -USR2 ${before}`);
  await until(() => served.mainPid !== before, 60_000);
}

if (isWanted("upgrades under load", MACHINE_PROGRAMS)) {
  test("upgrades under load refuse, reset and lose nothing, and open connections stay", async () => {
    await using served = await ServedMachine.boot();
    served.start("tenk.socket tenk");
    const upgraded = await served.watched(HELD, async () => {
      await upgrade(served);
      await upgrade(served);
    });
    expect(upgraded.failures).toEqual([]);
    expect(Object.keys(upgraded.answered).sort()).toEqual(["dns", "https", "tcp"]);
    expect(upgraded).toMatchObject({ heldEnds: {}, heldEchoes: HELD });
    expect(served.journal).not.toMatch(/listening elsewhere|no listener uses|inherited socket closed/);
  }, 120_000);
}
