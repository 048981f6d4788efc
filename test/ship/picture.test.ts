import { expect, test } from "bun:test";
import { pictureOf, runsOf, tidy } from "../../scripts/picture.ts";

test("a captured screen becomes runs of one look, each at its column", () => {
  const runs = runsOf("ab\u001b[1;32mcd\u001b[0m e\n\u001b[2m█f");
  expect(runs.map(({ row, column, text, bold, dim }) => [row, column, text, bold, dim])).toEqual([
    [0, 0, "ab", false, false],
    [0, 2, "cd", true, false],
    [0, 4, " e", false, false],
    [1, 0, "█f", false, true],
  ]);
  expect(new Set(runs.map(({ colour }) => colour)).size).toBe(2);
});

test("empty lines at the ends go, several in between become one", () => {
  expect(tidy("\n\na  \n\n\n\nb\n\n")).toBe("a\n\nb");
});

test("a picture has the text, escaped, and a title for those who hear it", () => {
  const svg = pictureOf("p99 <50ms & more", "A run");
  expect(svg).toContain(">p99 &lt;50ms &amp; more</text>");
  expect(svg).toContain("<title>A run</title>");
});
