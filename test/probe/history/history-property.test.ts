import { expect, test } from "bun:test";
import fc from "fast-check";
import type { State } from "../../../src/probe/health/mod.ts";
import { Box, DAY_MS, HOUR_MS, MemoryDisk, MINUTE_MS, NOON_MS } from "./support.ts";

const SERVICES = ["git", "nas"];
const STATES: readonly State[] = ["up", "degraded", "starting", "down", "unknown", "maintenance"];
const PLACES: Partial<Record<State, number>> = { up: 0, degraded: 1, starting: 2, down: 2, unknown: 3, maintenance: 4 };

/** What happens to a box; a jump sets its clock. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ run: fc.integer({ min: 1, max: 3 * HOUR_MS }) }) },
  { weight: 4, arbitrary: fc.record({ service: fc.constantFrom(...SERVICES), state: fc.constantFrom(...STATES) }) },
  { weight: 1, arbitrary: fc.record({ offMs: fc.integer({ min: 0, max: 2 * DAY_MS }) }) },
);
const jump = fc.record({ jumpMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }) });
type Event = { run?: number; service?: string; state?: State; offMs?: number; jumpMs?: number };

async function live(events: readonly Event[]) {
  const disk = new MemoryDisk();
  const box = new Box(NOON_MS, { store: disk });
  await box.history.load();
  const spent = new Map(SERVICES.map((name) => [name, [0, 0, 0, 0, 0]]));
  for (const { run = 0, service, state, offMs, jumpMs = 0 } of events) {
    if (service !== undefined) box.states[service] = state!;
    box.nowMs += jumpMs;
    box.run(run, MINUTE_MS);
    for (const [name, of] of Object.entries(box.states)) spent.get(name)![PLACES[of]!]! += run;
    if (offMs === undefined) continue;
    await box.history.flush(box.services());
    box.start(offMs, { store: disk });
    await box.history.load();
    for (const [name, of] of Object.entries(box.states)) expect(box.record(name).state).toBe(of);
  }
  const kept = SERVICES.map((name) => {
    const { days, changes } = box.record(name);
    const sums = [0, 0, 0, 0, 0];
    for (let day = 0; day < 92; day++) {
      const times = days.times(box.history.today.day - 91 + day);
      for (let time = 0; time < 5; time++) sums[time]! += times[time]!;
    }
    return { name, sums, changes };
  });
  return { kept, spent };
}

test("the time in each state is that in which tenk ran with it, over any changes and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
      const { kept, spent } = await live(events);
      for (const { name, sums } of kept) expect(sums).toEqual(spent.get(name)!);
    }),
    { numRuns: 30 },
  );
});

test("whatever a clock does, no time is counted that did not pass, and changes stay in their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(event, jump), { maxLength: 30 }), async (events) => {
      const { kept, spent } = await live(events);
      for (const { name, sums, changes } of kept) {
        for (const [time, ms] of sums.entries()) expect(ms).toBeLessThanOrEqual(spent.get(name)![time]! + MINUTE_MS);
        for (const [at, change] of changes.entries()) {
          expect(change.to).not.toBe(change.from);
          if (at > 0) expect(change.atMs).toBeGreaterThan(changes[at - 1]!.atMs);
          if (at > 0) expect(change.from).toBe(changes[at - 1]!.to);
        }
      }
    }),
    { numRuns: 30 },
  );
});
