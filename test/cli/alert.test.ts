import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AlertsView } from "../../src/alerts/mod.ts";
import { parseConfig, up } from "../../src/app/mod.ts";
import { listText } from "../../src/cli/alert.ts";
import { bodyOf, windowsText } from "../../src/cli/maintenance.ts";
import { closedPort, Sink } from "../alerts/sink.ts";
import { keptLog } from "../app/admin/support.ts";
import { tenk, withFolder } from "./tenk.ts";

const listed: AlertsView["incidents"][number] = {
  key: "service/git",
  subject: "git",
  severity: "critical",
  state: "down",
  reason: "why",
  beganMs: 0,
  endedMs: null,
  isHeld: false,
  isFlapping: false,
  told: ["phone"],
  waiting: [],
};

test("the list of alerts says how long each lasts and who was told", () => {
  const view = {
    incidents: [listed, { ...listed, subject: "nas", endedMs: 60_000, told: [], waiting: ["mail"] }],
    channels: [],
    maintenance: [],
    dropped: 0,
  };
  expect(listText(view, 600_000).split("\n")).toEqual([
    "problem  state  for  told   to be told  why",
    "git      down   10m  phone              why",
    "nas      over   60s         mail        why",
  ]);
  expect(listText({ ...view, incidents: [] }, 0)).toBe("no alert is open");
});

test("a running tenk sends test messages, and begins and ends maintenance", async () => {
  await using sink = await Sink.open();
  await withFolder(async (folder) => {
    const text = `services: { git: "tcp://127.0.0.1:1" }
alerts: { name: pi, channels: { phone: { ntfy: { server: "${sink.url}", topic: home } } } }
proxy: off
dashboard: { listen: "127.0.0.1:0" }
data: { folder: ${folder} }
`;
    const instance = await up(parseConfig(text, "tenk.yaml", folder), { log: keptLog() });
    // Each is a process of its own, and they do not depend on each other.
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await tenk([...words, "--url", instance.statusUrl]);
      return [code, (stdout + stderr).trim()];
    };
    sink.answers.push({}, { status: 401 });
    expect(await said("alert", "test", "phone")).toEqual([0, "phone  sent"]);
    expect(sink.bodies[0].title).toBe("pi: test");
    const [refused, begun, unknown] = await Promise.all([
      said("alert", "test"),
      said("maintenance", "git", "2h", "--reason", "new disk"),
      said("maintenance", "gitt", "2h"),
    ]);
    expect(refused).toEqual([1, "phone  not sent: it answers with status 401: {}"]);
    expect(begun).toEqual([0, "maintenance  ends in  why\ngit               2h  new disk"]);
    expect(unknown).toEqual([2, expect.stringContaining("did you mean git?")]);
    expect(await said("maintenance", "end", "git")).toEqual([0, "nothing is under maintenance"]);
    await instance.stop(0);
  });
}, 120_000);

test("without a running tenk the test message is sent by the configuration", async () => {
  await using sink = await Sink.open();
  await withFolder(async (folder) => {
    const config = join(folder, "tenk.yaml");
    writeFileSync(
      config,
      `alerts: { name: pi, channels: { phone: { ntfy: { server: "${sink.url}", topic: home } } } }`,
    );
    const away = `http://127.0.0.1:${await closedPort()}/`;
    const [{ code, stdout }, other] = await Promise.all([
      tenk(["alert", "test", "--config", config]),
      tenk(["alert", "test", "--url", away], { cwd: folder }),
    ]);
    expect([code, stdout.trim()]).toEqual([0, "phone  sent"]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("is tenk up running")]);
  });
}, 120_000);

describe("words of maintenance:", () => {
  test.each([
    [["git", "nas", "2h"], { services: ["git", "nas"], for: "2h", reason: "why" }],
    [["all", "30m"], { services: ["all"], for: "30m", reason: "why" }],
    [["end", "git", "nas"], { end: ["git", "nas"] }],
  ])("%j", (words, expected) => {
    expect(bodyOf(words, "why")).toEqual(expected);
  });

  test.each([[["git"]], [["2h"]], [["git", "nas"]], [["end"]]])("%j is a usage error", (words) => {
    expect(() => bodyOf(words, undefined)).toThrow(/expected services/);
  });

  test("a scheduled window says so", () => {
    const window = { services: ["git"], fromMs: 0, untilMs: 60_000, reason: "backup", isScheduled: true };
    expect(windowsText([window], 0)).toBe("maintenance  ends in  why\ngit              60s  backup (by schedule)");
  });
});
