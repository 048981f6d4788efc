import { expect, test } from "bun:test";
import fc from "fast-check";
import { StreamTable } from "../../../src/http/http2/stream-table.ts";

/** Identifiers that often want the same slot. */
const id = fc
  .oneof(
    fc.nat(40),
    fc.nat(20).map((n) => 64 * n),
  )
  .map((n) => 2 * n + 1);
const step = fc.record({ kind: fc.constantFrom("add", "add", "delete", "clear" as const), id, rare: fc.nat(30) });

test("a table of streams holds what a Map would, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new StreamTable<{ id: number }>();
      const model = new Map<number, { id: number }>();
      for (const { kind, id, rare } of steps) {
        if (kind === "delete") expect(table.delete(id)).toBe(model.delete(id));
        else if (kind === "clear" && rare === 0) {
          table.clear();
          model.clear();
        } else if (!model.has(id)) {
          const stream = { id };
          table.add(stream);
          model.set(id, stream);
        }
        expect(table.size).toBe(model.size);
        expect(table.get(id)).toBe(model.get(id)!);
      }
      const byId = (one: { id: number }, other: { id: number }) => one.id - other.id;
      expect(table.all().sort(byId)).toEqual([...model.values()].sort(byId));
      for (let at = 1; at < 2700; at += 2) expect(table.get(at)).toBe(model.get(at)!);
    }),
    { numRuns: 200 },
  );
});
