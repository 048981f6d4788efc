import { describe, expect, test } from "bun:test";
import { dayText, localDay, uptimeOf } from "../../../src/probe/history/mod.ts";
import { Store } from "../../../src/store/mod.ts";
import { newFolder } from "../../store/support.ts";
import { Box, DAY_MS, HOUR_MS, MemoryDisk, MINUTE_MS, NOON_MS } from "./support.ts";

const uptime = (box: Box, name = "git") => uptimeOf(box.record(name), box.nowMs, box.history.today.day);
const today = (box: Box, name = "git") => box.record(name).days.times(box.history.today.day);

describe("the history of a service", () => {
  test("has a row for each change, and time in each state", () => {
    const box = new Box();
    box.states.git = "up";
    box.run(30 * MINUTE_MS);
    box.states.git = "down";
    box.run(6 * MINUTE_MS);
    box.states.git = "degraded";
    box.run(24 * MINUTE_MS);
    expect(box.record("git").changes).toEqual([
      { atMs: NOON_MS, from: "pending", to: "up", reason: null },
      { atMs: NOON_MS + 30 * MINUTE_MS, from: "up", to: "down", reason: "is down" },
      { atMs: NOON_MS + 36 * MINUTE_MS, from: "down", to: "degraded", reason: "is degraded" },
    ]);
    expect(today(box)).toEqual([30 * MINUTE_MS, 24 * MINUTE_MS, 6 * MINUTE_MS, 0, 0]);
    expect(uptime(box)).toEqual({ day: 0.9, week: 0.9, month: 0.9, quarter: 0.9 });
  });

  test("counts neither maintenance nor what it stands on being down, and knows nothing before the first probe", () => {
    const box = new Box();
    box.states.git = "pending";
    box.run(HOUR_MS);
    expect(uptime(box)).toEqual({ day: null, week: null, month: null, quarter: null });
    for (const state of ["maintenance", "unknown", "up"] as const) {
      box.states.git = state;
      box.run(HOUR_MS);
    }
    expect(uptime(box).day).toBe(1);
    expect(today(box)).toEqual([HOUR_MS, 0, 0, HOUR_MS, HOUR_MS]);
  });

  test("forgets an outage after 24 hours, 7, 30 and 90 days", () => {
    const box = new Box();
    box.states.git = "down";
    box.run(DAY_MS / 2, MINUTE_MS);
    box.states.git = "up";
    const spans = () => Object.entries(uptime(box)).flatMap(([span, share]) => (share === 1 ? [span] : []));
    box.run(23 * HOUR_MS, MINUTE_MS);
    expect(spans()).toEqual([]);
    box.run(2 * HOUR_MS, MINUTE_MS);
    expect(spans()).toEqual(["day"]);
    box.run(6 * DAY_MS, MINUTE_MS);
    expect(spans()).toEqual(["day", "week"]);
    box.run(24 * DAY_MS, MINUTE_MS);
    expect(spans()).toEqual(["day", "week", "month"]);
    box.run(60 * DAY_MS, MINUTE_MS);
    expect(spans()).toEqual(["day", "week", "month", "quarter"]);
  });

  test("is bounded: changes of one service, and services that are gone", () => {
    const box = new Box(NOON_MS, { maxChanges: 10, maxServices: 20 });
    for (let round = 0; round < 50; round++) {
      box.states.git = round % 2 === 0 ? "up" : "down";
      box.states[`job-${round}`] = "up";
      box.run(MINUTE_MS);
      delete box.states[`job-${round}`];
    }
    expect(box.record("git").changes.length).toBe(10);
    box.run(2 * HOUR_MS, MINUTE_MS);
    expect(box.record("job-0").state).toBe("pending");
    expect(box.record("job-49").state).toBe("up");
    expect(box.record("git").state).toBe("down");
  });
});

describe("after a restart", () => {
  test("a service is as it was, since when it was, and the time that the box was off is neither up nor down", async () => {
    const folder = newFolder();
    let store = new Store({ folder });
    const box = new Box(NOON_MS, { store });
    await box.history.load();
    box.states.git = "up";
    box.states.cache = "up";
    box.run(HOUR_MS);
    box.states.cache = "down";
    box.run(HOUR_MS);
    await box.history.flush(box.services());
    await store.stop();
    store = new Store({ folder });
    box.start(5 * HOUR_MS, { store });
    await box.history.load();
    expect(box.record("cache").lastKnown()).toEqual({ state: "down", sinceMs: NOON_MS + HOUR_MS, reason: "is down" });
    box.run(HOUR_MS);
    expect(box.record("git").changes.length).toBe(1);
    expect(box.record("cache").changes.map(({ to }) => to)).toEqual(["up", "down"]);
    expect(today(box)).toEqual([3 * HOUR_MS, 0, 0, 0, 0]);
    expect(today(box, "cache")).toEqual([HOUR_MS, 0, 2 * HOUR_MS, 0, 0]);
    expect(uptime(box, "cache").week).toBeCloseTo(1 / 3);
    await store.stop();
  });

  test("without a stop before, at most the last ten minutes are missing, and no change", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    box.states.git = "up";
    await box.runs(HOUR_MS);
    box.states.git = "down";
    await box.runs(9 * MINUTE_MS);
    box.start(HOUR_MS, { store: disk });
    await box.history.load();
    expect(box.record("git").lastKnown()?.sinceMs).toBe(NOON_MS + HOUR_MS);
    expect(today(box)[0]).toBe(HOUR_MS);
    expect(today(box)[2]).toBeLessThan(9 * MINUTE_MS);
  });

  test("neither maintenance nor what a service stands on is taken for what its own probes found", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    Object.assign(box.states, { git: "up", nas: "down", new: "maintenance" });
    box.run(MINUTE_MS);
    Object.assign(box.states, { git: "maintenance", nas: "unknown" });
    box.run(MINUTE_MS);
    await box.history.flush(box.services());
    box.start(0, { store: disk });
    await box.history.load();
    expect(box.record("git").lastKnown()?.state).toBe("up");
    expect(box.record("nas").lastKnown()?.state).toBe("down");
    expect(box.record("new").lastKnown()).toBeUndefined();
  });

  test("what changed while a slow disk was read comes after what it had", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    Object.assign(box.states, { git: "up", nas: "up" });
    box.run(HOUR_MS);
    await box.history.flush(box.services());
    box.start(HOUR_MS, { store: disk });
    Object.assign(box.states, { git: "up", nas: "down" });
    box.run(MINUTE_MS);
    await box.history.load();
    box.run(MINUTE_MS);
    expect(box.record("git").changes.map(({ to }) => to)).toEqual(["up"]);
    expect(box.record("nas").changes.map(({ from, to }) => `${from} ${to}`)).toEqual(["pending up", "up down"]);
    expect(today(box)[0]).toBe(HOUR_MS + 2 * MINUTE_MS);
  });
});

describe("a disk", () => {
  test("that fails is written again later, with all that is missing", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    disk.isFailing = true;
    box.states.git = "up";
    await box.runs(3 * HOUR_MS);
    box.states.git = "down";
    await box.runs(HOUR_MS);
    disk.isFailing = false;
    await box.runs(11 * MINUTE_MS);
    const kept = (await disk.services.read(100))!.services[0]!;
    expect(kept.changes.map(({ state }) => state)).toEqual(["up", "down"]);
    const hours = Array.from(
      { length: kept.hours.length / 6 },
      (_, row) => kept.hours[row * 6 + 1]! + kept.hours[row * 6 + 3]!,
    );
    expect(hours.slice(0, 4)).toEqual([HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS]);
  });

  test("is written every ten minutes while nothing changes, and once for thirty services that change together", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    for (let at = 0; at < 30; at++) box.states[`s${at}`] = "up";
    await box.runs(MINUTE_MS);
    expect(disk.writes).toBe(1);
    await box.runs(HOUR_MS);
    expect(disk.writes).toBeLessThanOrEqual(7);
  });
});

describe("a clock", () => {
  test("that jumps ahead, as where it is set by the network, leaves a gap", () => {
    const box = new Box(Date.UTC(1970, 0, 1));
    box.states.git = "up";
    box.run(HOUR_MS);
    box.nowMs = NOON_MS;
    box.run(HOUR_MS);
    expect(uptime(box).day).toBe(1);
    expect(today(box)[0]).toBe(HOUR_MS);
  });

  test("that is set back drops what it recorded in the future", () => {
    const box = new Box(NOON_MS);
    box.states.git = "up";
    box.run(HOUR_MS);
    box.nowMs += 10 * DAY_MS;
    box.run(HOUR_MS);
    box.states.git = "down";
    box.run(HOUR_MS);
    box.nowMs -= 10 * DAY_MS;
    box.run(MINUTE_MS);
    expect(box.record("git").changes).toMatchObject([{ to: "up" }, { to: "down", atMs: NOON_MS + 3 * HOUR_MS }]);
    expect(today(box)).toEqual([HOUR_MS, 0, MINUTE_MS, 0, 0]);
  });

  test("that is behind at the start, as without a battery, changes nothing of what is known, and counts nothing", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS, { store: disk });
    await box.history.load();
    box.states.git = "up";
    box.run(HOUR_MS);
    await box.history.flush(box.services());
    for (const startMs of [Date.UTC(1970, 0, 1), NOON_MS - DAY_MS]) {
      box.start(0, { store: disk });
      box.nowMs = startMs;
      await box.history.load();
      box.run(2 * HOUR_MS, MINUTE_MS);
      box.nowMs = NOON_MS + 2 * HOUR_MS;
      box.run(0);
      expect(box.record("git").changes).toEqual([{ atMs: NOON_MS, from: "pending", to: "up", reason: null }]);
      expect(today(box)[0]).toBe(HOUR_MS);
    }
  });

  test("that is behind from the start for a day is right, and what was recorded was not", async () => {
    const disk = new MemoryDisk();
    const box = new Box(NOON_MS + 1000 * DAY_MS, { store: disk });
    await box.history.load();
    box.states.git = "up";
    box.run(HOUR_MS);
    await box.history.flush(box.services());
    box.start(0, { store: disk });
    box.nowMs = NOON_MS;
    await box.history.load();
    box.run(2 * DAY_MS, MINUTE_MS);
    expect(uptime(box).day).toBe(1);
    expect(box.record("git").sinceMs).toBeLessThan(box.nowMs);
  });

  test("that stood still with its machine leaves a gap", () => {
    const box = new Box();
    box.states.git = "up";
    box.run(HOUR_MS);
    box.nowMs += 8 * HOUR_MS;
    box.elapsedMs += 8 * HOUR_MS;
    box.run(HOUR_MS);
    expect(today(box)[0]).toBeLessThanOrEqual(2 * HOUR_MS + MINUTE_MS);
  });

  test("that jumps far ahead deletes nothing old before it has gone evenly for an hour", () => {
    const box = new Box();
    box.states.gone = "up";
    box.run(2 * HOUR_MS);
    delete box.states.gone;
    box.states.git = "up";
    box.nowMs += 1000 * DAY_MS;
    box.run(HOUR_MS / 2);
    expect(box.record("gone").state).toBe("up");
    box.run(HOUR_MS);
    expect(box.record("gone").state).toBe("pending");
  });
});

test.each([
  ["the clock is set ahead", Date.UTC(2026, 2, 29, 10), 20_541, 23],
  ["the clock is set back", Date.UTC(2026, 9, 25, 10), 20_751, 25],
  ["any other", Date.UTC(2026, 9, 26, 10), 20_752, 24],
])("a day on which %s is a day", (_, atMs, day, hours) => {
  const before = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  try {
    const { fromMs, untilMs, ...rest } = localDay(atMs);
    expect({ ...rest, hours: (untilMs - fromMs) / HOUR_MS }).toEqual({ day, hours });
    expect(dayText(day)).toBe(new Date(atMs).toISOString().slice(0, 10));
    expect([localDay(fromMs).day, localDay(fromMs - 1).day, localDay(untilMs - 1).day, localDay(untilMs).day]).toEqual([day, day - 1, day, day + 1]); // biome-ignore format: one line
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});
