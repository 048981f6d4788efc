import { expect, test } from "bun:test";
import fc from "fast-check";
import { countLayout } from "../../src/base/mod.ts";

test("fields follow each other without overlap, whatever their sizes; the row holds them all in whole cache lines", () => {
  const sizes = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({ min: 1, max: 40 }), { maxKeys: 30 });
  fc.assert(
    fc.property(sizes, (each) => {
      const { places, length } = countLayout(each);
      const slots = Object.entries(each).flatMap(([name, size]) =>
        Array.from({ length: size }, (_, slot) => places[name]! + slot),
      );
      expect(new Set(slots).size).toBe(slots.length);
      expect(slots.every((slot) => slot >= 0 && slot < length)).toBe(true);
      expect(length % 8).toBe(0);
      expect(length - slots.length).toBeLessThan(8);
    }),
  );
});

test("a twenty-fifth close reason shifts what follows, and overwrites nothing", () => {
  const { places } = countLayout({ closed: 24, lifetimes: 11 });
  const { places: larger } = countLayout({ closed: 25, lifetimes: 11 });
  expect([places.lifetimes, larger.lifetimes]).toEqual([24, 25]);
});
