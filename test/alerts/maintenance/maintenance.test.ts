import { expect, test } from "bun:test";
import { checkServices, MaintenanceWindows } from "../../../src/alerts/maintenance/mod.ts";
import { LocalTime } from "../../../src/alerts/time/mod.ts";

const HOUR_MS = 3_600_000;
const SUNDAY_MS = Date.parse("2026-12-06T03:30:00Z");
const PLAN = { services: ["git", "nas"], schedule: "Sun 03:00-04:00", reason: "backup" };

function planned(): MaintenanceWindows {
  const windows = new MaintenanceWindows();
  windows.plan([PLAN], new LocalTime("UTC"));
  return windows;
}

test("a window that a person began covers its services until it is over, also after a restart", () => {
  const windows = new MaintenanceWindows();
  windows.begin(["git"], { forMs: HOUR_MS, reason: "new disk" }, 1000);
  const after = new MaintenanceWindows(JSON.parse(JSON.stringify(windows.kept())));
  expect(after.of("git", HOUR_MS)).toMatchObject({ untilMs: HOUR_MS + 1000, reason: "new disk", isScheduled: false });
  expect([after.of("nas", HOUR_MS), after.of("git", HOUR_MS + 1000)]).toEqual([undefined, undefined]);
  expect([after.tick(HOUR_MS), after.tick(HOUR_MS + 1000)]).toEqual([false, true]);
});

test("all covers every service; it can be ended for one, and as a whole", () => {
  const windows = new MaintenanceWindows();
  windows.begin(["all"], { forMs: HOUR_MS }, 0);
  expect(windows.end("git", 1)).toBe(true);
  expect(windows.of("git", 2)).toBeUndefined();
  expect(windows.of("nas", 2)).toBeDefined();
  expect(windows.of("all", 2)).toBeDefined();
  expect([windows.end("all", 3), windows.end("all", 3), windows.of("nas", 3)]).toEqual([true, false, undefined]);
});

test("a service has one window: another one replaces it", () => {
  const windows = new MaintenanceWindows();
  windows.begin(["git", "nas"], { forMs: HOUR_MS }, 0);
  windows.begin(["git"], { forMs: 60_000 }, 0);
  expect(windows.of("git", 60_000)).toBeUndefined();
  expect(windows.of("nas", 60_000)).toBeDefined();
});

test("a scheduled window that is ended early for a service comes again the next time", () => {
  const windows = planned();
  expect(windows.of("git", SUNDAY_MS)).toMatchObject({ reason: "backup", isScheduled: true });
  expect(windows.of("git", SUNDAY_MS + HOUR_MS)).toBeUndefined();
  expect(windows.end("git", SUNDAY_MS)).toBe(true);
  expect([windows.of("git", SUNDAY_MS), windows.of("nas", SUNDAY_MS)?.reason]).toEqual([undefined, "backup"]);
  windows.tick(SUNDAY_MS + HOUR_MS);
  expect(windows.of("git", SUNDAY_MS + 7 * 24 * HOUR_MS)).toBeDefined();
});

test("a clock that is set back does not make a window longer", () => {
  const windows = new MaintenanceWindows();
  windows.begin(["git"], { forMs: HOUR_MS }, 100 * HOUR_MS);
  windows.tick(10 * HOUR_MS);
  expect(windows.of("git", 10 * HOUR_MS)).toBeDefined();
  expect(windows.of("git", 11 * HOUR_MS)).toBeUndefined();
});

test("the number of windows is bounded, and services must be declared", () => {
  const windows = new MaintenanceWindows();
  for (let index = 0; index < 100; index++) windows.begin([`s${index}`], { forMs: HOUR_MS }, 0);
  expect(() => windows.begin(["more"], { forMs: HOUR_MS }, 0)).toThrow("end one with tenk maintenance end");
  expect(() => checkServices(["gitt"], ["git"])).toThrow('There is no service "gitt": did you mean git?');
  expect(() => checkServices(["all", "git"], ["git"])).not.toThrow();
});
