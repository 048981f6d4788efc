import { describe, expect, test } from "bun:test";
import { judge as judgeOf, type PushPlan, type PushState } from "../../../src/probe/push/judge.ts";
import { cronSchedule, everySchedule, pushPlan } from "../../../src/probe/push/mod.ts";
import { type OffTime, withOffTime } from "../../../src/probe/push/off-times.ts";

const judge = (state: PushState, plan: PushPlan, off: readonly OffTime[], nowMs: number) =>
  judgeOf("backup", state, plan, off, nowMs);
const HOUR_MS = 3_600_000;
const DAILY = pushPlan({ every: 24 * HOUR_MS, grace: HOUR_MS, maxRun: 2 * HOUR_MS });
const NIGHTLY = pushPlan({ schedule: "0 3 * * *", timeZone: "UTC", grace: HOUR_MS });
/** Hours since 1970-01-01. */
const at = (hours: number) => hours * HOUR_MS;
const hours = (given: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, at(value)])) as unknown as PushState;

describe("a job that is to call each day, an hour late at most", () => {
  test.each<[string, Record<string, number>, number, string, string, number]>([
    [
      "waits for its first call",
      { sinceMs: 0 },
      24,
      "unknown",
      "waits for its first call: `tenk push-url backup` prints",
      25,
    ],
    ["that never calls is down", { sinceMs: 0 }, 25.01, "down", "has never called: is its URL in the job?", Infinity],
    ["that has called is up", { sinceMs: 0, lastMs: 10 }, 30, "up", "called 20h ago", 34],
    ["is late within its grace", { sinceMs: 0, lastMs: 10 }, 34.5, "up", "late since 30m: down in 30m", 35],
    ["is down after it", { sinceMs: 0, lastMs: 10 }, 36, "down", "was to call 2h ago, and has not: did its job run?", Infinity], // biome-ignore format: a row
    ["runs", { sinceMs: 0, lastMs: 10, startedMs: 34 }, 35.5, "up", "runs since 90m", 36],
    ["began in its grace, and may take its time", { sinceMs: 0, lastMs: 10, startedMs: 34.9 }, 36.5, "up", "runs since 96m", 36.9], // biome-ignore format: a row
    ["runs for too long", { sinceMs: 0, lastMs: 10, startedMs: 34 }, 36.1, "down", "runs since 2h 6m, longer than 2h: does it hang?", Infinity], // biome-ignore format: a row
    ["began too late, and is down until it succeeds", { sinceMs: 0, lastMs: 10, startedMs: 36 }, 36.5, "down", "was to call 2h 30m ago", Infinity], // biome-ignore format: a row
    ["began for the first time", { sinceMs: 0, startedMs: 1 }, 1.5, "up", "runs since 30m", 3],
    ["has failed", { sinceMs: 0, lastMs: 10, failedMs: 20 }, 21, "down", "failed 60m ago: see its log", Infinity],
    ["has failed, and begins again", { sinceMs: 0, failedMs: 20, startedMs: 21 }, 21.5, "down", "failed 90m ago", Infinity], // biome-ignore format: a row
  ])("%s", (_, state, now, result, reason, next) => {
    const verdict = judge(hours(state), DAILY, [], at(now));
    expect(verdict.outcome).toMatchObject({ result, reason: expect.stringContaining(reason) } as never);
    expect(verdict.nextMs).toBeCloseTo(at(next), 0);
  });

  test("by the clock is told when it was expected, in its time zone", () => {
    const plan = pushPlan({ schedule: "0 3 * * *", timeZone: "Asia/Tokyo", grace: HOUR_MS });
    expect(judge(hours({ sinceMs: 0, lastMs: 19 }), plan, [], at(44)).outcome.reason).toBe(
      "was to call at 03:00 Asia/Tokyo, 2h ago, and has not: did its job run?",
    );
  });

  test("may call a little early by the clock, since clocks of two machines differ", () => {
    const seconds = 1 / 3600;
    expect(judge(hours({ sinceMs: 0, lastMs: 27 - 2 * seconds }), NIGHTLY, [], at(50)).outcome.result).toBe("up");
    expect(judge(hours({ sinceMs: 0, lastMs: 26.9 }), NIGHTLY, [], at(28.1)).outcome.result).toBe("down");
  });

  test("says with which exit code it failed, and what it said", () => {
    const state = { ...hours({ sinceMs: 0, failedMs: 20 }), exitCode: 3, message: "disk full" };
    expect(judge(state, DAILY, [], at(20)).outcome.reason).toBe("failed with exit code 3: disk full");
  });
});

describe("a call that may have come while tenk did not run is not missed:", () => {
  const down = (state: Record<string, number>, plan: typeof DAILY, off: OffTime[], now: number) =>
    judge(hours(state), plan, off.map(([from, to]) => [at(from), at(to)] as const), at(now)).outcome.result === "down"; // biome-ignore format: one call

  test.each<[string, OffTime[], number, number]>([
    // Last call at 10; expected at 34, 58, 82 …
    ["off when it was expected", [[33.5, 34.5]], 58.9, 59.1],
    ["off in its grace", [[34.9, 35]], 58.9, 59.1],
    ["off for days", [[20, 81.5]], 106.9, 107.1],
    ["off between two calls", [[15, 20]], 34.9, 35.1],
    ["off at two calls", [[34, 34.1], [58, 58.1]], 82.9, 83.1], // biome-ignore format: a row
  ])("%s", (_, off, upAt, downAt) => {
    expect(down({ sinceMs: 0, lastMs: 10 }, DAILY, off, upAt)).toBe(false);
    expect(down({ sinceMs: 0, lastMs: 10 }, DAILY, off, downAt)).toBe(true);
  });

  test.each<[string, OffTime[], number, number]>([
    // Last call at 3.2; expected at 27, 51, 75 …
    ["off when it was expected", [[26.9, 27.1]], 51.9, 52.1],
    ["off before", [[20, 26.9]], 27.9, 28.1],
    ["off for years", [[20, 26_000]], 26_019.9, 26_020.1],
  ])("by the clock, %s", (_, off, upAt, downAt) => {
    expect(down({ sinceMs: 0, lastMs: 3.2 }, NIGHTLY, off, upAt)).toBe(false);
    expect(down({ sinceMs: 0, lastMs: 3.2 }, NIGHTLY, off, downAt)).toBe(true);
  });

  test("a run whose end may have come then does not hang", () => {
    const off: OffTime[] = [[34.5, 35.2]];
    expect(down({ sinceMs: 0, lastMs: 10, startedMs: 34 }, DAILY, off, 40)).toBe(false);
    expect(down({ sinceMs: 0, lastMs: 10, startedMs: 34 }, DAILY, off, 59.1)).toBe(true);
  });

  test("a job that calls each minute is judged at once after years", () => {
    const minutely = pushPlan({ every: 60_000 });
    expect(down({ sinceMs: 0, lastMs: 0 }, minutely, [[1, 100_000]], 100_000.1)).toBe(true);
  });

  test("restarts that are near to each other are one, and only the last few excuse", () => {
    let off: readonly OffTime[] = [];
    for (let minute = 0; minute < 60; minute++) off = withOffTime(off, [minute * 60_000, minute * 60_000 + 5000]);
    expect(off).toEqual([[0, 59 * 60_000 + 5000]]);
    for (let day = 1; day < 9; day++) off = withOffTime(off, [at(24 * day), at(24 * day + 0.1)]);
    expect(off.map(([from]) => from / HOUR_MS)).toEqual([120, 144, 168, 192]);
    expect(withOffTime(off, [at(300), at(200)])).toBe(off);
  });
});

describe("a schedule", () => {
  const next = (text: string, zone: string, from: string, count: number) => {
    const schedule = cronSchedule(text, zone);
    let ms = Date.parse(from);
    return Array.from({ length: count }, () => {
      ms = schedule.after(ms);
      return new Date(ms).toISOString().slice(5, 16);
    });
  };

  test.each([
    ["0 3 * * *", "UTC", "2026-11-30T12:00Z", ["12-01T03:00", "12-02T03:00"]],
    // The clock skips 02:00 to 03:00: the job runs when the skip ends, as cron has it.
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["03-29T01:00", "03-30T00:30"]],
    // The clock has 02:00 to 03:00 twice: the job runs once.
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["10-25T00:30", "10-26T01:30"]],
    ["0 * * * *", "Europe/Berlin", "2026-10-24T23:30Z", ["10-25T00:00", "10-25T01:00", "10-25T02:00"]],
    ["@weekly", "UTC", "2026-11-30T12:00Z", ["12-06T00:00"]],
  ])("%s in %s after %s", (text, zone, from, expected) => {
    expect(next(text, zone, from, expected.length)).toEqual(expected);
  });

  test.each([
    ["61 * * * *", "UTC", "Cannot read the schedule"],
    ["* * * * * *", "UTC", "Cannot read the schedule"],
    ["@reboot", "UTC", "Cannot read the schedule"],
    ["0 0 31 2 *", "UTC", "it never comes"],
    ["0 3 * * *", "Mars/Olympus", "in Mars/Olympus"],
  ])("%s in %s is refused", (text, zone, message) => {
    expect(() => cronSchedule(text, zone)).toThrow(message);
  });

  test("gives half of its period as grace, between a minute and an hour", () => {
    expect(pushPlan({}).graceMs).toBe(HOUR_MS);
    expect(pushPlan({ every: 600_000 }).graceMs).toBe(300_000);
    expect(pushPlan({ schedule: "* * * * *" }).graceMs).toBe(60_000);
    expect(everySchedule(10, 3)).toMatchObject({ earlyMs: 3, periodMs: 10 });
  });
});
