import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { figuresOf, withFigures } from "../../scripts/figures.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");

test("the README's figures are the benchmark's (else: npx bun scripts/figures.ts)", () => {
  expect(withFigures(read("README.md"), read("bench/README.md"))).toBe(read("README.md"));
  expect(read("README.md")).toMatch(/\| \*\*tenk\*\* \| [\d.]+ µs \| [\d.]+ B \| \d+ ms \|/);
});

test("figures are found by their column's name, without their spread", () => {
  const bench = [
    "<!-- tcp -->",
    "| server | empty MB | CPU us/message | burst ms | idle B/connection |",
    "|---|--:|--:|--:|--:|",
    "| tenk | 1.0 | 5.47 (4.70-5.97) | 240 (219-282) | 726 |",
    "<!-- /tcp -->",
  ];
  expect(figuresOf(bench.join("\n")).split("\n").slice(2)).toEqual(["| **tenk** | 5.47 µs | 726 B | 240 ms |"]);
});
