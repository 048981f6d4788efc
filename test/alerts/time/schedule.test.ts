import { describe, expect, test } from "bun:test";
import { LocalTime, parseSchedule, ScheduleClock, spanAt } from "../../../src/alerts/time/mod.ts";

const BERLIN = new LocalTime("Europe/Berlin");
const at = (text: string) => Date.parse(text);
const spanOf = (schedule: string, now: string) => {
  const { fromMs, toMs } = spanAt(parseSchedule(schedule), at(now), BERLIN);
  return `${new Date(fromMs).toISOString().slice(0, 16)} ${new Date(toMs).toISOString().slice(0, 16)}`;
};

describe("a schedule is the span that lasts, else the next one:", () => {
  test.each([
    ["Sun 03:00-04:00", "2026-11-30T12:00Z", "2026-12-06T02:00 2026-12-06T03:00"],
    ["Sun 03:00-04:00", "2026-12-06T02:30Z", "2026-12-06T02:00 2026-12-06T03:00"],
    ["22:00-07:00", "2026-11-30T20:00Z", "2026-11-30T21:00 2026-12-01T06:00"],
    ["22:00-07:00", "2026-12-01T05:59Z", "2026-11-30T21:00 2026-12-01T06:00"],
    ["daily 00:00-24:00", "2026-12-01T05:59Z", "2026-11-30T23:00 2026-12-01T23:00"],
    ["Fri-Mon 23:00-01:00", "2026-12-02T12:00Z", "2026-12-04T22:00 2026-12-05T00:00"],
    ["Monday, thu 10:00-11:00", "2026-12-01T12:00Z", "2026-12-03T09:00 2026-12-03T10:00"],
    // Clocks go from 02:00 to 03:00: what they leave out comes an hour later, and never not at all.
    ["Sun 02:00-03:00", "2026-03-29T00:00Z", "2026-03-29T01:00 2026-03-29T02:00"],
    ["Sun 02:30-03:30", "2026-03-29T00:00Z", "2026-03-29T01:30 2026-03-29T02:30"],
    ["22:00-07:00", "2026-03-29T00:00Z", "2026-03-28T21:00 2026-03-29T05:00"],
    // Clocks go from 03:00 back to 02:00: both hours count.
    ["Sun 02:00-03:00", "2026-10-25T00:30Z", "2026-10-25T00:00 2026-10-25T02:00"],
    ["Sun 02:00-03:00", "2026-10-25T01:30Z", "2026-10-25T00:00 2026-10-25T02:00"],
    ["22:00-07:00", "2026-10-25T00:00Z", "2026-10-24T20:00 2026-10-25T06:00"],
  ])("%s at %s", (schedule, now, expected) => {
    expect(spanOf(schedule, now)).toBe(expected);
  });
});

test.each([
  "",
  "22:00",
  "25:00-26:00",
  "22:00-22:00",
  "Foo 10:00-11:00",
  "10:61-11:00",
  "24:00-01:00",
  "Mon-Tue-Wed 1:00-2:00",
])("%p is no schedule", (text) => {
  expect(() => parseSchedule(text)).toThrow("expected such as 22:00-07:00");
});

test("a clock of a schedule follows the machine's when that is set back", () => {
  const clock = new ScheduleClock(parseSchedule("22:00-07:00"), new LocalTime("UTC"));
  expect(clock.current(at("2026-11-30T23:00Z"))?.fromMs).toBe(at("2026-11-30T22:00Z"));
  expect(clock.current(at("2026-12-01T07:00Z"))).toBeUndefined();
  expect(clock.current(at("2026-11-29T23:00Z"))?.fromMs).toBe(at("2026-11-29T22:00Z"));
});

test.each([
  ["2026-11-30T21:14Z", "2026-11-30T21:24Z", "22:14–22:24"],
  ["2026-11-29T21:14Z", "2026-11-29T21:24Z", "Nov 29 22:14–22:24"],
  ["2026-11-29T21:14Z", "2026-11-30T00:00Z", "Nov 29 22:14–01:00"],
])("a span of time as people read it: %s", (from, to, expected) => {
  expect(BERLIN.span(at(from), at(to), at("2026-11-30T22:00Z"))).toBe(expected);
});
