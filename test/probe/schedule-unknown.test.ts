import { expect, test } from "bun:test";
import type { Outcome } from "../../src/probe/health/mod.ts";
import { ProbedService } from "../../src/probe/schedule/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { until } from "../net/support.ts";

test("why this machine cannot look is logged once, however many services that holds for", async () => {
  const log = keptLog();
  const outcome: Outcome = { result: "unknown", facts: {}, reason: "this kernel permits no pings" };
  const services = ["nas", "router", "tv"].map(
    (name) => new ProbedService({ name, log, check: async () => outcome, random: () => 0 }),
  );
  for (const each of services) each.start();
  await until(() => services.every(({ health }) => health.state === "unknown"));
  for (const each of services) each.stop();
  const lines = log.lines.filter(([, message]) => message === "service unknown");
  expect(lines.map(([level]) => level)).toEqual(["info", "debug", "debug"]);
});
