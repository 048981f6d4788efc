import { expect, test } from "bun:test";
import { MACHINE_PROGRAMS } from "./booted-machine.ts";
import { ServedMachine } from "./served-machine.ts";
import { isWanted } from "./wanted.ts";

const HELD = 5000;

if (isWanted("restarts under load", MACHINE_PROGRAMS)) {
  test("a restart under load refuses, resets and loses nothing with the socket unit, and does without", async () => {
    await using served = await ServedMachine.boot();
    const restart = () => void served.machine.run("systemctl restart tenk");
    served.start("tenk.socket tenk");
    const restarted = await served.watched(HELD, restart);
    expect(restarted.failures).toEqual([]);
    expect(Object.keys(restarted.answered).sort()).toEqual(["dns", "https", "tcp"]);
    expect(restarted.heldEnds).toEqual({ peer: HELD });
    expect(served.journal).not.toMatch(/listening elsewhere|no listener uses/);

    served.machine.run("systemctl stop tenk.socket tenk");
    served.start();
    expect((await served.watched(0, restart)).failures).not.toEqual([]);
  }, 120_000);
}
