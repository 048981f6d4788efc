import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseConfig, type Status, up } from "../../src/app/mod.ts";
import { activityFacts } from "../../src/cli/activity.ts";
import { RecentSeries } from "../../src/cli/recent-series.ts";
import { fetchStatus } from "../../src/cli/status.ts";
import { statusText } from "../../src/cli/status-text.ts";
import { shownWidth } from "../../src/cli/table.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import { fakeProblems, fakeService } from "../dash/fake-services.ts";

const PLAIN = paintsFor({ write: () => undefined });
const AT_MS = Date.parse("2026-01-01T02:00:00.000Z");
const HOUR_MS = 3_600_000;

function statusOf(services: ReturnType<typeof fakeService>[], problems: Status["problems"] = []): Status {
  return {
    tenk: "0.1.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    problems: [...problems, ...fakeProblems(services)],
    parts: { probe: { services, today: "2026-01-01" } },
    process: { pid: 7, cpuSeconds: 1, rssBytes: null, openDescriptors: null, eventLoopLagP99Us: 1100 },
    limits: null,
  } as unknown as Status;
}

const well = fakeService("git", { sinceMs: AT_MS - 72 * HOUR_MS, version: "1.2" });
const down = fakeService("cache", {
  state: "down",
  reason: "nothing listens on 127.0.0.1:6379: is it running?",
  sinceMs: AT_MS - 46 * 60_000,
  uptime: { day: 0.9, week: null, month: null, quarter: 0.971 },
});
const text = (status: Status, width?: number, recent?: { of: (name: string) => number[] }) =>
  statusText({ status, atMs: AT_MS }, undefined, PLAIN, width, recent);

test("problems come first, the worst before others, then the services with state and reason", () => {
  const disk = {
    key: "box/disk/",
    severity: "warning" as const,
    subject: "disk /",
    state: "95 % full",
    reason: "delete what is not needed",
    sinceMs: AT_MS - 5 * HOUR_MS,
  };
  const behind = fakeService("chat", { state: "unknown", after: "cache", sinceMs: AT_MS - 40 * 60_000 });
  expect(text(statusOf([well, down, behind], [disk])).split("\n")).toEqual([
    "tenk 0.1.0, pid 7, up 2h, 3 problems",
    "",
    "problem  state      for  why",
    "cache    down       46m  nothing listens on 127.0.0.1:6379: is it running?",
    "disk /   95 % full   5h  delete what is not needed",
    "chat     unknown    40m  (behind cache)",
    "",
    "process  1s of CPU time, loop lag p99 1.1ms",
    "",
    "service  state    for  answer  90 days  version  why",
    "git      up        3d   12 ms   99.73%  1.2",
    "cache    down     46m       -    97.1%           nothing listens on 127.0.0.1:6379: is it running?",
    "chat     unknown  40m   12 ms   99.73%",
  ]);
});

test.each([
  [[], "tenk 0.1.0, pid 7, up 2h"],
  [[well], "tenk 0.1.0, pid 7, up 2h, its service is well"],
  [[well, fakeService("mail")], "tenk 0.1.0, pid 7, up 2h, all 2 services are well"],
  [[well, fakeService("mail", { state: "pending" })], "tenk 0.1.0, pid 7, up 2h, 1 of 2 services are up"],
  [[well, fakeService("mail", { state: "maintenance" })], "tenk 0.1.0, pid 7, up 2h, 1 of 2 services are up"],
])("the first line sums up", (services, line) => {
  expect(text(statusOf(services)).split("\n")[0]).toBe(line);
});

test.each([100, 80, 60, 40])(
  "in %i columns nothing is torn, and the reason stays as long as there is room",
  (width) => {
    const shown = text(statusOf([well, down]), width, { of: () => [1, 2, 3] });
    expect(Math.max(...shown.split("\n").map(shownWidth))).toBeLessThanOrEqual(width);
    expect(shown).toMatch(/^cache +down .*nothing l/m);
  },
);

test("what a service says changes nothing on the terminal", () => {
  const hostile = { ...down, service: "evil\u202e", reason: "a\x1b[31mb\nc\x07", version: "\x9b2J" };
  const shown = text(statusOf([hostile]));
  expect(shown).toContain("a?[31mb?c?");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test("curves of the last seconds stand beside their numbers", () => {
  const values: Record<string, number[]> = {
    tenk_host_cpu_seconds_total: [1, 0.75, 0.5],
    tenk_host_network_receive_bytes_total: [0, 1024, 2048],
    probe_duration_seconds: [0.01, 0.02, 0.04],
  };
  const recent = { of: (name: string) => values[name] ?? [] };
  expect(activityFacts(recent)).toBe("CPU  50% ▁▃▅, received    2 KiB/s ▁▅█");
  const shown = text(statusOf([well]), 200, recent);
  expect(shown).toMatch(/^now {6}CPU {2}50% ▁▃▅/m);
  expect(shown).toMatch(/^service .*answer +30 minutes +90 days/m);
  expect(shown).toMatch(/^git .* 12 ms +▃▅█ +99\.73%/m);
});

test("a running instance gives its status whole, and the curves", async () => {
  const web = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  const port = (web.address() as AddressInfo).port;
  const config = `proxy: off\ndashboard: { listen: "127.0.0.1:0" }\nprobe: { bootGrace: 0s, interval: 1s }\nservices: { git: "http://127.0.0.1:${port}" }`;
  const instance = await up(parseConfig(config, "tenk.yaml"), { logDefaults: false });
  try {
    const url = new URL(instance.statusUrl);
    let recent = new RecentSeries(url);
    const deadline = Date.now() + 20_000;
    while (!/CPU .* received .* disk read/.test(activityFacts(recent))) {
      if (Date.now() > deadline) throw new Error(`no curves: ${activityFacts(recent)}`);
      await Bun.sleep(100);
      recent = new RecentSeries(url);
      await recent.refresh(Date.now());
    }
    const status = await fetchStatus(url);
    expect(statusText({ status, atMs: Date.now() }, undefined, PLAIN, 200, recent)).toMatch(/^git +(pending|up) /m);
  } finally {
    await instance.stop(0);
    web.close();
  }
}, 30_000);

test("without a history there are no curves, and no error", async () => {
  const recent = new RecentSeries(new URL("http://127.0.0.1:1/"));
  await recent.refresh(Date.now());
  expect(activityFacts(recent)).toBe("");
});
