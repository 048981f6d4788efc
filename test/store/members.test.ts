import { expect, test } from "bun:test";
import fc from "fast-check";
import { ROW_SERIES } from "../../src/store/levels.ts";
import { memberOf, membersOf, packMembers } from "../../src/store/members.ts";

const member = fc.option(fc.uint8Array({ minLength: 1, maxLength: 1200 }), { nil: undefined });

test("a row returns its members by place, all of them or one", () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 20 }), fc.nat(ROW_SERIES - 21), (members, offset) => {
      const given: (Uint8Array | undefined)[] = [];
      for (const [at, each] of members.entries()) if (each !== undefined) given[offset + at] = each;
      const row = packMembers(given);
      const back = membersOf(row);
      for (let place = 0; place < ROW_SERIES; place++) {
        expect(back[place]).toEqual(given[place]!);
        expect(memberOf(row, place)).toEqual(given[place]!);
      }
    }),
    { numRuns: 20 },
  );
});

test("a member has an overhead of at most two bytes", () => {
  expect(packMembers([Uint8Array.of(5), undefined, new Uint8Array(300)]).length).toBe(1 + 1 + 1 + 2 + 300);
  expect(packMembers([]).length).toBe(0);
  expect(membersOf(undefined)).toEqual([]);
});

test("arbitrary bytes decode to some members within them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(ROW_SERIES), (bytes, place) => {
      const members = membersOf(bytes);
      expect(members.length).toBeLessThanOrEqual(ROW_SERIES);
      let total = 0;
      for (const each of members) total += each?.length ?? 0;
      expect(total).toBeLessThanOrEqual(bytes.length);
      if (place < ROW_SERIES) expect(memberOf(bytes, place)).toEqual(members[place]!);
    }),
    { numRuns: 200 },
  );
});
