import { test } from "bun:test";
import type { Outcome } from "../../src/probe/health/mod.ts";
import { ProbedService } from "../../src/probe/schedule/mod.ts";
import { keptLog } from "../app/admin/support.ts";

const HOUR_MS = 3_600_000;

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a service that fails has what it stands on asked at once, and what is back has those asked that stand on it", async () => {
  let isUp = true;
  const outcome = (): Outcome =>
    isUp ? { result: "up", facts: {} } : { result: "down", facts: {}, reason: "no answer" };
  // Each look at the clock is an hour later, so that no probe was a moment ago.
  let nowMs = 0;
  const common = {
    check: async () => outcome(),
    log: keptLog(),
    intervalMs: HOUR_MS,
    retriesMs: [1, 1],
    random: () => 0,
    nowMs: () => {
      nowMs += HOUR_MS;
      return nowMs;
    },
  };
  const services: ProbedService[] = [];
  const router = new ProbedService({ ...common, name: "router", children: () => services.slice(1) });
  const nas = new ProbedService({ ...common, name: "nas", parent: () => router });
  services.push(router, nas);
  for (const each of services) each.start();
  await until(() => services.every(({ health }) => health.state === "up"));
  isUp = false;
  nas.hurry(0);
  await until(() => router.health.state === "down" && nas.state === "unknown");
  isUp = true;
  router.hurry(0);
  await until(() => nas.health.state === "up");
  for (const each of services) each.stop();
});
