import { expect, test } from "bun:test";
import { Alerts } from "../../src/alerts/alerts.ts";
import { StateFile } from "../../src/alerts/outbox/mod.ts";
import { parseConfig } from "../../src/app/mod.ts";
import type { Problem } from "../../src/part/mod.ts";
import { keptLog } from "../app/admin/support.ts";

test("a problem that is gone lasts while all keys below its own are undecided, and not those below others", () => {
  const { config } = parseConfig("alerts: {}", "tenk.yaml");
  const problem: Problem = {
    key: "service/git",
    severity: "critical",
    subject: "git",
    state: "down",
    reason: "x",
    sinceMs: 0,
  };
  const now = { problems: [problem], undecided: [] as string[], ms: 0 };
  const alerts = new Alerts(config.alerts!, [], {
    log: keptLog(),
    file: new StateFile(undefined, keptLog()),
    problems: () => now.problems,
    undecided: () => now.undecided,
    recheck() {},
    nowMs: () => now.ms,
  });
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now.ms += 1000;
      alerts.tick();
    }
  };
  const isOpen = () => alerts.incidents.list.some(({ endedMs }) => endedMs === undefined);
  pass(600);
  expect(isOpen()).toBe(true);
  Object.assign(now, { problems: [], undecided: ["service/*"] });
  pass(600);
  expect(isOpen()).toBe(true);
  now.undecided = ["services/*", "service/gitea"];
  pass(600);
  expect(isOpen()).toBe(false);
});
