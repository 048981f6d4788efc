import { expect, test } from "bun:test";
import { readAnswer } from "../../src/boxes/answer.ts";

const RUNS = Number(process.env.TENK_FUZZ ?? 2000);
const WORDS = [
  "tenk",
  "host",
  "parts",
  "probe",
  "services",
  "problems",
  "key",
  "severity",
  "critical",
  "state",
  "subject",
  "reason",
  "url",
  "behind",
];

/** Returns a JSON value of a few levels, with the fields of a status in the wrong places. */
function randomValue(depth: number): unknown {
  const kind = Math.floor(Math.random() * (depth > 0 ? 7 : 5));
  const word = () => WORDS[Math.floor(Math.random() * WORDS.length)]!;
  if (kind === 0) return null;
  if (kind === 1) return Math.random() < 0.5 ? -1 : 1e308;
  if (kind === 2) return Math.random() < 0.5;
  if (kind <= 4) return `${word()}\u0000${"\u2028".repeat(3)}`.repeat(kind === 4 ? 200 : 1);
  const items = Array.from({ length: 5 }, () => randomValue(depth - 1));
  return kind === 5 ? items : Object.fromEntries(items.map((each) => [word(), each]));
}

test("whatever another box answers is read without an error, within bounds", () => {
  for (let run = 0; run < RUNS; run++) {
    const value = { tenk: "1", parts: { probe: randomValue(4) }, ...(randomValue(4) as object) };
    const answer = readAnswer(value);
    const longest = Math.max(
      0,
      ...[...JSON.stringify(answer ?? {}).matchAll(/"([^"]*)"/g)].map(([, text]) => text!.length),
    );
    expect(longest).toBeLessThanOrEqual(500);
  }
  for (const value of [null, 7, "tenk", [], {}]) expect(readAnswer(value)).toBeUndefined();
});
