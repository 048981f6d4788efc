import { expect, test } from "bun:test";
import { ownUnit } from "../../src/dash/page/names.ts";

test.each([
  ["bytes", "gauge", "bytes"],
  ["bytes", "rate", "bytesPerSecond"],
  ["celsius", "gauge", "celsius"],
  ["ratio", "gauge", "share"],
  ["seconds", "gauge", "seconds"],
  ["seconds", "rate", "share"],
  ["", "gauge", "count"],
  ["", "rate", "perSecond"],
] as const)("a metric of one's own in %p, a %s, is drawn as %s", (unit, kind, drawn) => {
  expect(ownUnit(unit, kind)).toBe(drawn);
});
