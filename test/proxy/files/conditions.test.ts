import { expect, test } from "bun:test";
import { type Conditions, evaluate, rangeApplies } from "../../../src/proxy/files/conditions.ts";

const NOTHING: Conditions = {
  ifMatch: "",
  ifUnmodifiedSince: "",
  ifNoneMatch: "",
  ifModifiedSince: "",
  range: "bytes=0-",
  ifRange: "",
  acceptEncoding: "",
  isConditional: true,
};
const DATE = "Wed, 21 Oct 2015 07:28:00 GMT";
const SECONDS = Date.parse(DATE) / 1000;
const strong = { etag: '"a"', modifiedSeconds: SECONDS };
const weak = { etag: 'W/"a"', modifiedSeconds: SECONDS };

test.each([
  [{ ifMatch: 'W/"a"' }, weak, "precondition-failed"],
  [{ ifMatch: '"a"' }, weak, "precondition-failed"],
  [{ ifMatch: "*" }, weak, "proceed"],
  [{ ifMatch: '"a"' }, strong, "proceed"],
  [{ ifMatch: '"b", "a"' }, strong, "proceed"],
  [{ ifMatch: '"b, "' }, strong, "precondition-failed"],
  [{ ifNoneMatch: '"a"' }, weak, "not-modified"],
  [{ ifNoneMatch: 'W/"a"' }, strong, "not-modified"],
  [{ ifNoneMatch: "a" }, strong, "proceed"],
  [{ ifModifiedSince: "Wednesday, 21-Oct-15 07:28:00 GMT" }, strong, "not-modified"],
  [{ ifModifiedSince: "Wed Oct 21 07:28:00 2015" }, strong, "not-modified"],
  [{ ifModifiedSince: "2015-10-21" }, strong, "proceed"],
  [{ ifUnmodifiedSince: "no date" }, strong, "proceed"],
  // The tag is what counts, where both are given.
  [{ ifMatch: '"a"', ifUnmodifiedSince: "Wed, 21 Oct 2015 07:27:59 GMT" }, strong, "proceed"],
] as const)("%j of %j: %s", (given, validators, verdict) =>
  expect(evaluate({ ...NOTHING, ...given }, validators)).toBe(verdict),
);

test.each([
  ["", strong, 1000, true],
  ['"a"', strong, 0, true],
  ['W/"a"', strong, 0, false],
  ['W/"a"', weak, 1000, false],
  ['"a", "b"', strong, 0, false],
  [DATE, strong, 2, true],
  // It may have changed twice within this second.
  [DATE, strong, 1, false],
  ["Wed, 21 Oct 2015 07:27:59 GMT", strong, 1000, false],
] as const)("If-Range: %s of %j, %i s later: %p", (ifRange, validators, later, applies) =>
  expect(rangeApplies({ ...NOTHING, ifRange }, validators, SECONDS + later)).toBe(applies),
);
