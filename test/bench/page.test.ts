import { expect, test } from "bun:test";
import { written } from "../../bench/page.ts";
import { asText } from "../../bench/table.ts";

test("a page has plan, table, bars where there are some, versions, and what was skipped or spoilt", () => {
  const page = written(
    {
      plan: "Much",
      outcome: { results: new Map(), versions: { a: "a 1" }, skipped: { b: "is not installed" } },
      table: { head: ["server"], rows: [["a"]] },
      ...{ bars: [], remarks: ["a: odd"] },
    },
    asText,
  );
  const [plan, , table, versions, spoilt, ...rest] = page.split("\n\n");
  expect([plan, table, versions, spoilt, ...rest]).toEqual([
    ...["Much.", "server\n------\na", "- a: a 1", "- b skipped: is not installed\n- a: odd"],
  ]);
});
