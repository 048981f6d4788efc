import { expect, test } from "bun:test";
import { ServiceRecord } from "../../../src/probe/history/service-record.ts";
import { stateMarks } from "../../../src/probe/history/state-marks.ts";

test("charts mark what happened to services, and not what is found after a start or follows from another", () => {
  const git = new ServiceRecord("git", 100);
  git.change("up", 10, undefined);
  git.change("down", 20, "connection refused");
  git.change("maintenance", 30, "until 23:00");
  git.change("up", 40, undefined);
  const registry = new ServiceRecord("registry", 100);
  registry.change("degraded", 15, "slow: 2 s");
  registry.change("unknown", 25, "git is down");
  registry.change("up", 35, undefined);
  expect(stateMarks([git, registry], 0, 100)).toEqual([
    { atMs: 15, kind: "state", text: "registry is degraded: slow: 2 s" },
    { atMs: 20, kind: "state", text: "git is down: connection refused" },
    { atMs: 30, kind: "state", text: "git is in maintenance: until 23:00" },
    { atMs: 40, kind: "state", text: "git is up" },
  ]);
  expect(stateMarks([git, registry], 16, 30).map(({ atMs }) => atMs)).toEqual([20, 30]);
});

test("of too many changes the newest are marked, and reasons are cut", () => {
  const git = new ServiceRecord("git", 1000);
  for (let at = 1; at <= 300; at += 1) git.change(at % 2 === 1 ? "down" : "up", at, "x".repeat(400));
  const marks = stateMarks([git], 0, 1000);
  expect([marks.length, marks.at(-1)!.atMs]).toEqual([200, 300]);
  expect(Math.max(...marks.map(({ text }) => text.length))).toBeLessThan(200);
});
