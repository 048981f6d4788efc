import { expect, test } from "bun:test";
import { byteRange } from "../../../src/proxy/files/range.ts";

test.each([
  ["bytes=0-0", 10, { from: 0, to: 1 }],
  ["bytes=2-5", 10, { from: 2, to: 6 }],
  ["BYTES= 2-5 ", 10, { from: 2, to: 6 }],
  ["bytes=7-", 10, { from: 7, to: 10 }],
  ["bytes=7-99", 10, { from: 7, to: 10 }],
  ["bytes=-3", 10, { from: 7, to: 10 }],
  ["bytes=-99", 10, { from: 0, to: 10 }],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=10-20", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=5-2", 10, undefined],
  ["bytes=0-1,3-4", 10, undefined],
  ["bytes=-", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=+1-2", 10, undefined],
  ["bytes=1-2x", 10, undefined],
  ["lines=1-2", 10, undefined],
  ["bytes=99999999999999999999-", 10, undefined],
  ["", 10, undefined],
] as const)("%s of %d bytes", (value, size, range) => expect(byteRange(value, size)).toEqual(range as never));
