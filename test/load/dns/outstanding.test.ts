import { expect, test } from "bun:test";
import { Outstanding } from "../../../src/load/dns/outstanding.ts";

const QUERY = { query: 7, serial: 8, file: 2 };

test("an ID is used again only when all others were, unless it awaits an answer", () => {
  const outstanding = new Outstanding(4, 65_000);
  const first = outstanding.add(QUERY, 0);
  const seen = new Set([first]);
  for (let count = 0; count < 65_535; count++) {
    const id = outstanding.add(QUERY, 0);
    // IDs that share a row with the one that waits are passed over.
    expect(id === first || outstanding.isAwaited(first)).toBe(true);
    seen.add(id);
    outstanding.answered(id);
  }
  expect(seen.size).toBeGreaterThan(65_000);
});

test("answers in any order have the position of their query, and the others keep theirs", () => {
  const model: number[] = [];
  const outstanding = new Outstanding(64);
  let random = 1;
  const next = (below: number) => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return (random >>> 8) % below;
  };
  for (let step = 0; step < 20_000; step++) {
    if (model.length < 64 && (model.length === 0 || next(2) === 0)) {
      model.push(outstanding.add({ query: step, serial: step, file: step % 3 }, step));
      continue;
    }
    const position = step % 2 === 0 ? next(Math.min(model.length, 8)) : next(model.length);
    const [id = -1] = model.splice(position, 1);
    expect(outstanding.markOf(id)).toBe(outstanding.queryOf(id));
    expect(outstanding.answered(id)).toBe(position);
    expect([outstanding.count, outstanding.oldest]).toEqual([model.length, model[0] ?? -1]);
  }
});

test("what is not awaited is told apart", () => {
  const outstanding = new Outstanding(1);
  const [answered, late] = [outstanding.add(QUERY, 0), outstanding.add(QUERY, 0)];
  outstanding.answered(answered);
  outstanding.givenUp(late);
  expect([answered, late, 500].map((id) => outstanding.stateOf(id))).toEqual(["answered", "given-up", "unknown"]);
});
