/** The table of traps in docs/architecture.md and the tests that watch them name each other. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/architecture.md"), "utf8");

/** The last cell of each row below the mark. */
function watchers(page: string): string[] {
  const [, below = ""] = page.split("<!-- traps -->\n");
  const rows = below.split("\n\n")[0]!.split("\n").slice(2);
  return rows.map((row) => row.split(" | ").at(-1)!.replace(/ \|$/, ""));
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
}

test("each trap of the runtime is watched by tests that there are, and each of those stands in the table", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^runtime-traps.*\.test\.ts$/.test(name));
  const titles = files.flatMap((name) => {
    const text = readFileSync(join(import.meta.dirname, name), "utf8");
    return [...text.matchAll(/^test\("([^"]+)"/gm)].map(([, title = ""]) => title);
  });
  const cells = watchers(PAGE);
  expect(cells.length).toBeGreaterThan(16);
  for (const cell of cells) expect([cell, namesIn(cell).length]).not.toEqual([cell, 0]);
  expect(cells.flatMap(namesIn).sort()).toEqual(titles.sort());
  for (const name of files) expect(PAGE).toContain(`test/net/${name}`);
});
