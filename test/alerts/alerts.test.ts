import { expect, test } from "bun:test";
import { Alerts } from "../../src/alerts/alerts.ts";
import { makeChannels } from "../../src/alerts/make-channels.ts";
import { StateFile } from "../../src/alerts/outbox/mod.ts";
import { parseConfig } from "../../src/app/mod.ts";
import type { Problem } from "../../src/part/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { Sink } from "./sink.ts";

const problem = (key: string, more: Partial<Problem> = {}): Problem => ({
  key,
  severity: "critical",
  subject: key.replace(/^\w+\//, ""),
  state: "down",
  reason: "why",
  sinceMs: 0,
  ...more,
});

/** Alerts of problems that a test sets, with its clock and one channel by webhook. */
function alertsTo(sink: Sink, section: string, shared: { problems: Problem[]; undecided: string[]; watched: boolean }) {
  const clock = { nowMs: 0 };
  const log = keptLog();
  const phone = `channels: { phone: { webhook: { url: "${sink.url}/x" } } }`;
  const { config } = parseConfig(`alerts: { name: pi, gather: 0s, ${phone}, ${section} }`, "tenk.yaml");
  const channels = makeChannels(config.alerts!.channels, { folder: "/", pageUrl: undefined, timeoutMs: 5000 });
  const alerts = new Alerts(config.alerts!, channels, {
    log,
    file: new StateFile(undefined, keptLog()),
    problems: () => shared.problems,
    undecided: () => shared.undecided,
    recheck: () => undefined,
    isWatched: () => shared.watched,
    nowMs: () => clock.nowMs,
    startGraceMs: 0,
  });
  return {
    alerts,
    said: () => log.lines.map(([, message, fields]) => `${message} ${fields.services ?? ""}`.trim()),
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        clock.nowMs += 1000;
        alerts.tick();
        await alerts.senders[0]!.idle();
      }
    },
  };
}

test("what nobody looks at any more is not well again; of what nothing is known yet nothing ends", async () => {
  await using sink = await Sink.open();
  const shared = {
    problems: [problem("service/git"), problem("service/nas")],
    undecided: [] as string[],
    watched: true,
  };
  const { alerts, pass } = alertsTo(sink, "", shared);
  await pass(1);
  shared.problems = [];
  shared.undecided = ["service/*"];
  await pass(60);
  expect(sink.received.length).toBe(1);
  shared.undecided = ["service/nas"];
  shared.watched = false;
  await pass(1);
  shared.undecided = [];
  shared.watched = true;
  await pass(1);
  expect(sink.bodies.map(({ title }) => title)).toEqual([
    "pi: 2 problems: git, nas",
    "pi: git no longer watched",
    "pi: nas well again after 63s",
  ]);
  await alerts.stop();
});

test("maintenance of all is for the box too, and none of it is told while it lasts", async () => {
  await using sink = await Sink.open();
  const shared = { problems: [problem("box/disk/", { state: "99 % full" })], undecided: [], watched: true };
  const { alerts, pass, said } = alertsTo(sink, "", shared);
  alerts.windows.begin(["all"], { forMs: 600_000 }, 0);
  await pass(599);
  expect(sink.received).toEqual([]);
  await pass(2);
  expect(sink.bodies.map(({ title }) => title)).toEqual(["pi: disk/ 99 % full"]);
  expect(said().filter((line) => line.startsWith("maintenance"))).toEqual([
    "maintenance began all",
    "maintenance over all",
  ]);
  await alerts.stop();
});

test("of rules the one with the longest beginning of a key counts", async () => {
  await using sink = await Sink.open();
  const shared = {
    problems: [problem("service/git"), problem("service/nas"), problem("dns/upstreams")],
    undecided: [],
    watched: true,
  };
  const { alerts, pass } = alertsTo(sink, "when: { services: false, service/nas: { for: 5s }, dns: critical }", shared);
  await pass(10);
  expect(sink.bodies.map(({ title }) => title).sort()).toEqual(["pi: nas down", "pi: upstreams down"].sort());
  await alerts.stop();
});
