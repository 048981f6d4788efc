import { expect, test } from "bun:test";
import { withBootGrace } from "../../../src/probe/checks/mod.ts";
import { Health, type Outcome } from "../../../src/probe/health/mod.ts";

const DOWN: Outcome = { result: "down", facts: {}, reason: "the name of nas is not known" };
const UP: Outcome = { result: "up", facts: { latencyMs: 1 } };
const SLOW: Outcome = { result: "degraded", facts: {}, reason: "slow" };

test.each([
  ["what does not answer is starting, and the reason says so", DOWN, 20_000, false, "starting"],
  ["it is down once the grace is over", DOWN, 180_000, false, "down"],
  ["what was down before stays down", DOWN, 20_000, true, "down"],
  ["what answers is up", UP, 20_000, false, "up"],
  ["what is slow is slow", SLOW, 20_000, false, "degraded"],
] as const)("soon after the start of the machine %s", (_, outcome, machineUpMs, isDown, result) => {
  const found = withBootGrace(outcome, { machineUpMs, graceMs: 180_000, isDown });
  expect(found.result).toBe(result);
  if (result === "starting") expect(found).toMatchObject({ reason: `${DOWN.reason} (this machine started 20 s ago)` });
  else expect(found).toEqual(outcome);
});

test("a power failure makes no outage of a service that starts with the machine, and one of a service that does not", () => {
  const health = new Health({}, 0);
  health.resume({ state: "up", sinceMs: 0, reason: undefined });
  const states: string[] = [];
  for (let machineUpMs = 20_000; machineUpMs < 300_000; machineUpMs += health.nextMs()) {
    const boot = { machineUpMs, graceMs: 180_000, isDown: health.state === "down" };
    const change = health.take(withBootGrace(DOWN, boot), machineUpMs);
    if (change !== undefined) states.push(`${change.to} at ${Math.floor(machineUpMs / 60_000)} min`);
  }
  expect(states).toEqual(["starting at 0 min", "down at 3 min"]);
});
