import { expect, test } from "bun:test";
import { MAX_SLOTS, Place, STATUSES, slotStart, statusAt } from "../../src/proxy/counts.ts";

test.each([
  [200, "200"],
  [503, "503"],
  [418, "4xx"],
  [599, "5xx"],
  [0, "none"],
  [600, "none"],
  [999, "none"],
])("status %p is counted as %p", (status, name) => {
  expect(STATUSES[statusAt(3, status) - slotStart(3) - Place.statuses]).toBe(name);
});

test("each status has a place of its own, within its slot", () => {
  const places = STATUSES.map((status) => (/^\d+$/.test(status) ? statusAt(MAX_SLOTS - 1, Number(status)) : -1));
  const named = places.filter((place) => place >= 0);
  expect(new Set(named).size).toBe(named.length);
  expect(Math.max(...named)).toBeLessThan(slotStart(MAX_SLOTS));
});
