/** Runs below a systemd of a test's own, and prints what a probe finds of each of its units. */
import { checkSystemd } from "../../../src/probe/checks/mod.ts";

const places = {
  private: [{ path: "/run/systemd/private", isBus: false }],
  bus: [{ path: "/run/dbus/system_bus_socket", isBus: true }],
};
const units = ["good.service", "job.service", "bad.service", "crash.service", "never.service", "slow.service"];
const others = [
  "stopped.service",
  "missing.service",
  "never.timer",
  "job.timer",
  "broken.service",
  "test.target",
  "lonely.service",
];

/** Until the jobs have ended, and systemd has found the bus. */
async function settled(place: keyof typeof places): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const ask = (unit: string) => checkSystemd({ unit, timeoutMs: 20_000, places: places[place] });
    const [job, bad] = [await ask("job.service"), await ask("bad.service")];
    if (job.result === "up" && job.reason?.startsWith("ran") && bad.result === "down") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const place of ["private", "bus"] as const) {
  await settled(place);
  for (const unit of [...units, ...others]) {
    const { result, reason } = await checkSystemd({ unit, timeoutMs: 20_000, places: places[place] });
    console.log(place, unit, result, reason);
  }
}
console.log("done");
process.exit(0);
