import { describe, expect, test } from "bun:test";
import { AnswerWriter, decodeAnswers, encodeAnswers } from "../../../src/dns/answers/mod.ts";
import { nameText } from "../../../src/wire/dns/mod.ts";
import { answer } from "./questions.ts";

const NOW = 1_700_000_000;
const AGES = { nowSeconds: NOW, staleSeconds: 1000 };

function store(): AnswerWriter {
  return new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 });
}

function decoded(bytes: Uint8Array) {
  const found: string[] = [];
  const answers = decodeAnswers(bytes);
  for (let next = answers.next(); ; next = answers.next()) {
    if (next.done) return { found, isWhole: next.value };
    const { answer, storedAt } = next.value;
    const name = nameText(answer.bytes.subarray(12));
    found.push(
      `${name} ${answer.variant} ${answer.ttlSeconds} ${storedAt - NOW} ${answer.ttlOffsets[0]} ${answer.length} ${answer.leadsElsewhere}`,
    );
  }
}

describe("stored answers as bytes", () => {
  test("come back as they were, but those that are too old to be given", () => {
    const from = store();
    from.put(answer("gone.example", 300, 1), NOW - 1300);
    from.put(answer("old.example", 300, 1), NOW - 1299);
    from.put({ ...answer("new.example", 600, 1, 40, 1), leadsElsewhere: true }, NOW - 10);
    const { found, isWhole } = decoded(encodeAnswers(from, AGES));
    const length = (name: string, fill = 0) => 12 + name.length + 2 + 4 + 16 + fill;
    expect([found, isWhole]).toEqual([
      [
        `old.example 0 300 -1299 35 ${length("old.example")} false`,
        `new.example 1 600 -10 35 ${length("new.example", 40)} true`,
      ],
      true,
    ]);
  });

  test("of an empty store are none", () => {
    expect(decoded(encodeAnswers(store(), AGES))).toEqual({ found: [], isWhole: true });
  });

  test("that are cut anywhere but between two are not whole, and nothing behind them is read", () => {
    const from = store();
    for (const name of ["a.example", "b.example"]) from.put(answer(name, 300, 1), NOW);
    const bytes = encodeAnswers(from, AGES);
    for (let length = 1; length < bytes.length; length++) {
      const { found, isWhole } = decoded(bytes.slice(0, length));
      const isHalf = length === bytes.length / 2;
      expect([isWhole, found.length]).toEqual([isHalf, length < bytes.length / 2 ? 0 : 1]);
    }
  });

  test("with a name that is longer than its answer are not whole", () => {
    const from = store();
    from.put(answer("a.example", 300, 1), NOW);
    const bytes = encodeAnswers(from, AGES);
    bytes[11] = 200;
    expect(decoded(bytes).isWhole).toBe(false);
  });
});
