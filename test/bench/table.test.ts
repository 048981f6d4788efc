import { describe, expect, test } from "bun:test";
import { barTable, verdictOf } from "../../bench/bars.ts";
import { asMarkdown, asText, figure, median, percentile, replaceBetween, times, withRange } from "../../bench/table.ts";

describe("figures", () => {
  test.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
    [[], Number.NaN],
  ])("the median of %j is %d", (values, expected) => expect(median(values)).toBe(expected));

  test.each([
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.99, 4],
    [[7], 0, 7],
    [[], 0.5, Number.NaN],
  ])("of %j, %d do not pass %d", (values, share, expected) => expect(percentile(values, share)).toBe(expected));

  test.each([
    [4.5249, "4.52"],
    [45.249, "45.2"],
    [9.999, "10.0"],
    [452.49, "452"],
    [4524.9, "4525"],
    [0.0449, "0.04"],
    [0, "0.00"],
    [Number.NaN, "-"],
  ])("%d is written %j", (value, text) => expect(figure(value)).toBe(text));

  test("several rounds show their range, one does not", () => {
    expect(withRange([4.7, 4.4, 4.5])).toBe("4.50 (4.40-4.70)");
    expect(withRange([4.7])).toBe("4.70");
    expect(withRange([])).toBe("-");
  });

  test("a ratio to what was not measured is a dash", () => {
    expect(times(1.5)).toBe("1.50 x");
    expect(times(Number.NaN)).toBe("-");
  });
});

describe("tables", () => {
  const table = {
    head: ["peer", "us"],
    rows: [
      ["C epoll", "4.52"],
      ["tenk", "10.1"],
    ],
  };

  test("as text, the figures stand flush right", () => {
    expect(asText(table)).toBe("peer       us\n-------  ----\nC epoll  4.52\ntenk     10.1");
  });

  test("as Markdown", () => {
    expect(asMarkdown(table)).toBe("| peer | us |\n|---|--:|\n| C epoll | 4.52 |\n| tenk | 10.1 |");
  });
});

describe("a page", () => {
  test("gets what stands between two comments replaced, and nothing else", () => {
    const page = "a <!-- tcp -->old<!-- /tcp --> b <!-- load --><!-- /load -->";
    expect(replaceBetween(page, "tcp", "$&")).toBe("a <!-- tcp -->\n$&\n<!-- /tcp --> b <!-- load --><!-- /load -->");
    expect(() => replaceBetween(page, "dns", "new")).toThrow("<!-- dns -->");
  });
});

describe("bars", () => {
  const bar = { name: "CPU", most: 1.1, unit: "x" };

  test.each([
    [1.1, "met"],
    [1.11, "missed"],
    [Number.NaN, "not measured"],
  ] as const)("%d against at most 1.1 is %j", (got, verdict) => expect(verdictOf({ ...bar, got })).toBe(verdict));

  test("the table says what was wanted and what was got", () => {
    expect(barTable([{ ...bar, got: 1.2 }]).rows).toEqual([["CPU", "1.10 x", "1.20 x", "missed"]]);
  });
});
