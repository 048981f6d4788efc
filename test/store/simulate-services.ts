/**
 * Keeps the history of probed services through simulated days, and prints the bytes written, the final size and how long it takes to read.
 *
 *     bun test/store/simulate-services.ts FOLDER DAYS SERVICES CHANGES_A_DAY
 */
import { join } from "node:path";
import type { State } from "../../src/probe/health/mod.ts";
import { ProbeHistory } from "../../src/probe/history/mod.ts";
import { ServicesFile } from "../../src/store/services-file.ts";
import type { ServicesWrite } from "../../src/store/types.ts";
import { DAY_MS, START_MS, sizeOf, written } from "./simulate.ts";

const STEP_MS = 10_000;

const [folder = "", days = "1", count = "200", perDay = "100"] = process.argv.slice(2);
const path = join(folder, "services.sqlite");
const file = new ServicesFile(path);
const services = {
  write: async (write: ServicesWrite) => {
    file.write(write);
    return true;
  },
  read: async (maxChanges: number) => file.read(maxChanges),
};
let elapsedMs = 0;
const history = new ProbeHistory({
  store: { services },
  nowMs: () => START_MS + elapsedMs,
  elapsedMs: () => elapsedMs,
});
await history.load();
const states = Array.from({ length: Number(count) }, (_, at) => ({ name: `service-${at}`, state: "up" as State, reason: undefined as string | undefined })); // biome-ignore format: one line
const changeEvery = Math.round(DAY_MS / STEP_MS / Number(perDay));
const before = written();
const perDayBytes: { readonly disk: number; readonly calls: number }[] = [];
for (let step = 0; elapsedMs < Number(days) * DAY_MS; step++) {
  elapsedMs += STEP_MS;
  if (step % changeEvery === 0) {
    const each = states[(step / changeEvery) % states.length]!;
    each.state = each.state === "up" ? "down" : "up";
    each.reason = each.state === "up" ? undefined : "nothing listens on 127.0.0.1:3000: is it running?";
  }
  history.follow(states);
  // The write's promise.
  if (step % 6 === 0) await Promise.resolve().then(() => undefined);
  if (elapsedMs % DAY_MS === 0) perDayBytes.push(written());
}
await history.flush(states);
const openBytes = sizeOf(folder);
const startedMs = performance.now();
const kept = file.read(500)!;
const readMs = Math.round(performance.now() - startedMs);
file.close();
const after = perDayBytes.map(({ disk, calls }, day) => {
  const earlier = perDayBytes[day - 1] ?? before;
  return { diskBytes: disk - earlier.disk, writeCallBytes: calls - earlier.calls };
});
console.log(JSON.stringify({ perDay: after, openBytes, closedBytes: sizeOf(folder), readMs, services: kept.services.length })); // biome-ignore format: one line
