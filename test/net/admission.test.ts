import { expect, test } from "bun:test";
import fc from "fast-check";
import { CountRows } from "../../src/net/counts.ts";
import { SKETCH_BYTES } from "../../src/net/loop/address-sketch.ts";
import { Admission } from "../../src/net/loop/admission.ts";
import { limitSettings } from "../../src/net/settings.ts";

function admission(acceptsPerSecond: number): Admission {
  const state = { rows: new CountRows(1), addresses: new ArrayBuffer(SKETCH_BYTES), salt: 7 };
  return new Admission(state, 0, limitSettings({ acceptsPerSecond }));
}

test("beside one that connects and closes without end, another gets in, and no more than the rate in the long run", () => {
  const others = fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 100 }), others, (perSecond, moments) => {
      const door = admission(perSecond);
      let accepted = 0;
      const getsIn = (address: string, nowMs: number) => {
        if (door.admit(5, address, 1_000_000 + nowMs, 0) !== undefined) return false;
        accepted += 1;
        door.leave(address);
        return true;
      };
      for (const [second, momentMs] of moments.entries()) {
        for (let ms = 0; ms < 1000; ms += 1) {
          for (let many = 0; many < 3; many++) getsIn("192.0.2.1", second * 1000 + ms);
          if (ms === momentMs) expect(getsIn("192.0.2.2", second * 1000 + ms)).toBe(true);
        }
        expect(accepted).toBeLessThanOrEqual(perSecond * (second + 1) + 1);
      }
      expect(accepted).toBeGreaterThanOrEqual(perSecond * moments.length);
    }),
    { numRuns: 10 },
  );
});

test("many that each try once have together a tenth more than the rate, and that much less in the second after", () => {
  const door = admission(50);
  const inSecond = (second: number) => {
    let accepted = 0;
    for (let each = 0; each < 500; each++) {
      if (door.admit(5, `198.51.100.${each}`, second * 1000 + each, 0) === undefined) accepted += 1;
    }
    return accepted;
  };
  expect([inSecond(1), inSecond(2), inSecond(3)]).toEqual([55, 50, 50]);
  expect(inSecond(9)).toBe(55);
});
